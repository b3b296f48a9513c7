import { HDNodeWallet, MaxUint256, Mnemonic, parseEther, toQuantity, ZeroAddress } from "ethers";
import type { AuthorizationToken } from "../../../build/hardhat/types/index.ts";
import { connectAgent, type AgentChain } from "../../agent/agentChain.ts";
import type { Offer } from "../../agent/provider/offer.ts";
import { deployTollgate, recordOf, registerModel } from "../../chain/deploy.ts";
import { hardhatRuntime } from "../../chain/hardhatRuntime.ts";
import { findKnownGood } from "../../chain/knownGood.ts";
import { type Chain, chainOf } from "../../chain/localChain.ts";
import type { DeploymentRecord } from "../../chain/record.ts";
import { FUNDING, type Hex } from "../../codec/statement.ts";
import { encodeInputs } from "../../ir/encodeInputs.ts";
import { buildModel, shippedModel } from "../../model/buildModel.ts";
import { readHeldOut } from "../../model/heldOut.ts";
import { setupModel, type SetUpModel } from "../../model/setupModel.ts";
import { workPath } from "../../paths.ts";
import { dealerTrapdoor, type Trapdoor } from "../../setup/mint.ts";
import { ChaosChain } from "../chain/chaosChain.ts";
import { type FaultProxy, startFaultProxy } from "../chain/faultProxy.ts";
import { type Ask, askChain } from "../chain/nodeRpc.ts";

/** Price of one inference, in base units of a token with six decimals. */
export const PRICE = 2_000_001n;
/** Basis points of every settled amount. */
export const TOLL_BPS = 50;
/** What each client holds in tokens, and has deposited with the provider on top, in inferences. */
export const PURSE = 1_000n * PRICE;
export const DEPOSIT = 100n * PRICE;

/** Whom the provider pays besides: nobody's account. */
export const PAYEE: Hex = `0x${"00".repeat(19)}fe`;

const MODEL = "digits-mlp";
/** Held-out inputs that are sold. */
const INPUTS = 100;
const CACHE = workPath("build/cache");
/** A day, in seconds. */
const ORDER_LIFE = 86_400;
/** Hardhat's development accounts, whose keys everybody knows. */
const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
const [TOLL_COLLECTOR, PROVIDER] = [1, 3];

/** Everybody who trades, by their keys. */
export interface Parties {
  readonly provider: Hex;
  readonly clients: readonly Hex[];
  readonly tollCollector: Hex;
}

/** A development chain over HTTP on which everything is deployed, with a model, a token, and parties with money. */
export interface ChaosMarket {
  /** The node itself. */
  readonly ask: Ask;
  /** Its blocks and branches. Mines no block by itself. */
  readonly blocks: ChaosChain;
  /** How it is reached over HTTP. */
  readonly proxy: FaultProxy;
  /** A connection without faults, for looking at contracts. */
  readonly chain: AgentChain;
  readonly record: DeploymentRecord;
  readonly token: AuthorizationToken;
  readonly offer: Offer;
  readonly trapdoor: Trapdoor;
  readonly parties: Parties;
  /** Private key of one of the parties. */
  readonly keyOf: (address: Hex) => Hex;
  /** Held-out inputs of the model, and how they are encoded. */
  readonly rows: readonly (readonly number[])[];
  readonly inputs: readonly (readonly (readonly bigint[])[])[];
  readonly close: () => Promise<void>;
}

export async function openChaosMarket(clientCount = 3): Promise<ChaosMarket> {
  const model = await setupModel(await buildModel(shippedModel(MODEL), CACHE), CACHE);
  const connection = await (await hardhatRuntime()).network.create();
  const wallets = [...Array(PROVIDER + 1 + clientCount).keys()].map(walletOf);
  const tollCollector = wallets[TOLL_COLLECTOR];
  const [provider, ...clients] = wallets.slice(PROVIDER);
  const terms = { tollBps: TOLL_BPS, tollCollector: tollCollector.address, orderLife: ORDER_LIFE };
  const { record, offer, token: deployedToken } = await deploy(chainOf(connection), model, terms);
  const ask = askChain(connection);
  const blocks = new ChaosChain(ask);
  const proxy = await startFaultProxy(ask, blocks);
  const chain = await connectAgent(proxy.direct, record);
  const token = deployedToken.connect(chain.provider) as AuthorizationToken;
  for (const client of clients) await ask("hardhat_setBalance", [client.address, toQuantity(parseEther("100"))]);
  for (const client of clients) await fillPurse(client.connect(chain.provider), token, chain, provider.address);
  for (const client of clients.slice(0, -1)) await approveEscrow(client.connect(chain.provider), token, chain);
  await (await token.connect(provider.connect(chain.provider)).getFunction("mint")(provider.address, PURSE)).wait();
  await blocks.take();
  const rows = (await readHeldOut(MODEL)).samples.slice(0, INPUTS).map(({ row }) => row);
  return {
    ask,
    blocks,
    proxy,
    chain,
    record,
    offer,
    token,
    trapdoor: await dealerTrapdoor(model.circuit.r1csPath),
    parties: {
      provider: provider.address,
      clients: clients.map(({ address }) => address),
      tollCollector: tollCollector.address,
    },
    keyOf: (address) => wallets.find((wallet) => wallet.address === address)!.privateKey,
    rows,
    inputs: rows.map((row) => encodeInputs(model.graph, [row])),
    close: async () => {
      chain.close();
      await proxy.close();
      await connection.close();
    },
  };
}

const walletOf = (index: number): HDNodeWallet => HDNodeWallet.fromMnemonic(MNEMONIC, `m/44'/60'/0'/0/${index}`);

interface Terms {
  readonly tollBps: number;
  readonly tollCollector: Hex;
  readonly orderLife: number;
}

/** Deploys the contracts and a token, and registers the model. */
async function deploy(
  { ethers }: Chain,
  model: SetUpModel,
  terms: Terms,
): Promise<{ record: DeploymentRecord; offer: Offer; token: AuthorizationToken }> {
  const [deployer] = await ethers.getSigners();
  const tollgate = await deployTollgate(ethers, deployer, terms);
  const royalty = { royaltyBps: 0, royaltyTo: ZeroAddress };
  const registration = await registerModel(tollgate.registry, deployer, model, "", royalty);
  const knownGoodProof = await findKnownGood(model, model.zkeyPath, CACHE);
  const network = { name: "chaos", chainId: 31_337, commit: null };
  const models = { [MODEL]: { ...registration, setup: "dealer" as const, knownGoodProof } };
  const record = await recordOf(tollgate, terms, network, models);
  const token = (await ethers.deployContract("AuthorizationToken", [], deployer)) as unknown as AuthorizationToken;
  const offer: Offer = {
    name: MODEL,
    title: "Digits",
    model: { ...model, ...model.circuit },
    modelId: BigInt(registration.modelId),
    setup: "dealer",
    token: await token.getAddress(),
    tokenDomain: { name: "Signed Dollar", version: "1" },
    price: PRICE,
    maxSeconds: 7_200,
    methods: ["eip3009", "allowance", "prepaid"],
  };
  return { record, offer, token };
}

/** Gives a client its money, and deposits a part for prepaid orders. */
async function fillPurse(
  client: HDNodeWallet,
  token: AuthorizationToken,
  { prepaid }: AgentChain,
  provider: Hex,
): Promise<void> {
  const asClient = token.connect(client) as AuthorizationToken;
  await (await asClient.mint(client.address, PURSE + DEPOSIT)).wait();
  await (await asClient.approve(prepaid.target, DEPOSIT)).wait();
  await (await prepaid.connect(client).deposit(client.address, provider, token.target, DEPOSIT, "0x")).wait();
}

/** Lets the escrow collect whatever a client owes; the last client signs permits instead. */
async function approveEscrow(client: HDNodeWallet, token: AuthorizationToken, { escrow }: AgentChain): Promise<void> {
  const asClient = token.connect(client) as AuthorizationToken;
  await (await asClient.approve(await escrow.collectorOf(FUNDING.allowance), MaxUint256)).wait();
}
