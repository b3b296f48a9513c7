import hre from "hardhat";
import { JsonRpcProvider, Wallet, ZeroAddress, HDNodeWallet, Mnemonic } from "ethers";
import type { AuthorizationToken } from "../../build/hardhat/types/index.ts";
import { connectAgent, type AgentChain } from "../../src/agent/agentChain.ts";
import { idOfOrder, authorizationData, type Order } from "../../src/agent/order.ts";
import type { Offer } from "../../src/agent/provider/offer.ts";
import type { Opening } from "../../src/agent/serveJob.ts";
import { signJob, signOrder } from "../../src/agent/signJob.ts";
import { signAuthorization } from "../../src/agent/signMoney.ts";
import { deployTollgate, recordOf, registerModel } from "../../src/chain/deploy.ts";
import { chainOf } from "../../src/chain/localChain.ts";
import { findKnownGood } from "../../src/chain/knownGood.ts";
import type { DeploymentRecord } from "../../src/chain/record.ts";
import { commitInput, randomSalt } from "../../src/codec/commitment.ts";
import { FUNDING, toBytes32, type Hex, type Job } from "../../src/codec/statement.ts";
import { encodeInputs } from "../../src/ir/encodeInputs.ts";
import { buildModel, shippedModel } from "../../src/model/buildModel.ts";
import { readHeldOut } from "../../src/model/heldOut.ts";
import { signalsOf, infer, type Inference } from "../../src/model/infer.ts";
import { setupModel, type SetUpModel } from "../../src/model/setupModel.ts";
import { workPath } from "../../src/paths.ts";
import { dealerTrapdoor, mintProof, type Trapdoor } from "../../src/setup/mint.ts";
import type { Proof } from "../../src/groth16/proof.ts";

/** Price of one inference in the market, in base units. */
export const PRICE = 2_000_000n;
const CACHE = workPath("build/cache");
/** Hardhat's development accounts, whose keys everybody knows. */
const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");

/** The key of one of the development accounts. */
export const developmentKey = (index: number): string =>
  HDNodeWallet.fromMnemonic(MNEMONIC, `m/44'/60'/0'/0/${index}`).privateKey;

/** A chain reached over HTTP, with Tollgate, a token that knows ERC-3009, the digits model, and parties with money. */
export interface AgentMarket {
  readonly url: string;
  readonly chain: AgentChain;
  readonly record: DeploymentRecord;
  readonly token: AuthorizationToken;
  readonly offer: Offer;
  readonly provider: Wallet;
  readonly client: Wallet;
  readonly other: Wallet;
  /** A call to the node itself: `evm_mine`, `evm_snapshot`, `evm_revert`, `evm_increaseTime`, … */
  readonly rpc: (method: string, ...params: unknown[]) => Promise<unknown>;
  /** The opening of a held-out digit with a fresh salt. */
  readonly opening: (digit?: number) => Promise<Opening>;
  readonly infer: (opening: Opening) => Inference;
  /** A job over an opening, an hour long, paid by ERC-3009 unless `changes` say otherwise. */
  readonly job: (opening: Opening, changes?: Partial<Job>) => Promise<Job>;
  /** The order that the client signs for a job: by `job.funding`. */
  readonly order: (job: Job) => Promise<Order>;
  /** A valid proof for a subject, minted with the dealer's secrets in milliseconds. */
  readonly mint: (inference: Inference, subject: Hex) => Promise<Proof>;
  readonly close: () => Promise<void>;
}

let built: Promise<{ model: SetUpModel; trapdoor: Trapdoor }> | undefined;

async function buildDigits(): Promise<{ model: SetUpModel; trapdoor: Trapdoor }> {
  const model = await setupModel(await buildModel(shippedModel("digits-mlp"), CACHE), CACHE);
  return { model, trapdoor: await dealerTrapdoor(model.circuit.r1csPath) };
}

export async function openAgentMarket(): Promise<AgentMarket> {
  const { model, trapdoor } = await (built ??= buildDigits());
  const server = await hre.network.createServer({ network: "default" }, "127.0.0.1", 0);
  const { port } = await server.listen();
  const url = `http://127.0.0.1:${port}`;
  const connection = await hre.network.create({ network: "localhost", override: { url } });
  const { ethers } = chainOf(connection);
  const [deployer, tollCollector] = await ethers.getSigners();
  const terms = { tollBps: 50, tollCollector: tollCollector.address, orderLife: 86_400 };
  const tollgate = await deployTollgate(ethers, deployer, terms);
  const registration = await registerModel(tollgate.registry, deployer, model, "", {
    royaltyBps: 0,
    royaltyTo: ZeroAddress,
  });
  const knownGoodProof = await findKnownGood(model, model.zkeyPath, CACHE);
  const record = await recordOf(
    tollgate,
    terms,
    { name: "agents", chainId: 31_337, commit: null },
    {
      "digits-mlp": { ...registration, setup: "dealer", knownGoodProof },
    },
  );
  const chain = await connectAgent(url, record);
  const wallet = (index: number) => new Wallet(developmentKey(index), chain.provider);
  const [provider, client, other] = [wallet(3), wallet(4), wallet(5)];
  const token = (await ethers.deployContract("AuthorizationToken", [], deployer)) as unknown as AuthorizationToken;
  for (const { address } of [client, other]) await (await token.mint(address, 1_000n * PRICE)).wait();
  const tokenAddress = await token.getAddress();
  const tokenDomain = { name: "Signed Dollar", version: "1" };
  const offer: Offer = {
    name: "digits-mlp",
    title: "Digits",
    model: { ...model, ...model.circuit },
    modelId: BigInt(registration.modelId),
    setup: "dealer",
    token: tokenAddress,
    tokenDomain,
    price: PRICE,
    maxSeconds: 3_600,
    methods: ["eip3009", "allowance", "prepaid"],
  };
  const { samples } = await readHeldOut("digits-mlp");
  let nonce = 0n;

  const rpcProvider = new JsonRpcProvider(url, undefined, { batchMaxCount: 1, cacheTimeout: -1 });
  return {
    url,
    chain,
    record,
    token,
    offer,
    provider,
    client,
    other,
    rpc: (method, ...params) => rpcProvider.send(method, params),
    opening: async (digit = 3) => ({ inputs: encodeInputs(model.graph, [samples[digit].row]), salt: randomSalt() }),
    infer: ({ inputs, salt }) => infer(model.graph, inputs, salt),
    job: async ({ inputs, salt }, changes = {}) => {
      const latest = await chain.provider.getBlock("latest");
      return {
        client: client.address,
        provider: provider.address,
        token: tokenAddress,
        amount: PRICE,
        bond: 0n,
        modelId: offer.modelId,
        inputCommitment: toBytes32(commitInput(model.graph.inputs, inputs, salt)),
        acceptBy: 0n,
        deadline: BigInt(latest!.timestamp) + 3_600n,
        funding: FUNDING.authorization,
        nonce: nonce++,
        ...changes,
      };
    },
    order: (job) => signedOrder(chain, job, wallet, tokenDomain),
    mint: async (inference, subject) => mintProof(trapdoor, signalsOf(inference, model.keyId, subject)),
    close: async () => {
      rpcProvider.destroy();
      chain.close();
      await connection.close();
      await server.close();
    },
  };
}

async function signedOrder(
  chain: AgentChain,
  job: Job,
  wallet: (index: number) => Wallet,
  tokenDomain: { name: string; version: string },
): Promise<Order> {
  const client = [4, 5, 6, 7, 8, 9].map(wallet).find(({ address }) => address === job.client)!;
  if (job.funding === FUNDING.prepaid) {
    const contract = String(chain.prepaid.target);
    const signature = await signOrder(client, job, chain.chainId, contract);
    return { contract, job, signature, fundingData: "0x" };
  }
  const contract = String(chain.escrow.target);
  const signature = await signJob(client, job, chain.chainId, contract);
  if (job.funding !== FUNDING.authorization) return { contract, job, signature, fundingData: "0x" };
  const collector = await chain.escrow.collectorOf(FUNDING.authorization);
  const jobId = idOfOrder({ contract, job }, chain.chainId);
  const authorization = await signAuthorization(client, job, jobId, collector, tokenDomain, chain.chainId);
  return { contract, job, signature, fundingData: authorizationData(authorization) };
}
