import type { HardhatEthers, HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { ZeroAddress } from "ethers";
import type { TestToken } from "../../build/hardhat/types/index.ts";
import { deployTollgate, registerModel, type PaymentTerms, type Registration, type Tollgate } from "../chain/deploy.ts";
import type { RpcProvider } from "../chain/frameGas.ts";
import type { Chain } from "../chain/localChain.ts";
import { FUNDING, toBytes32, type Job } from "../codec/statement.ts";
import type { SetUpModel } from "../model/setupModel.ts";

/** Everybody in the story. The copier watches the mempool. */
export type Role = "deployer" | "tollCollector" | "client" | "provider" | "copier";

/** A development chain with Tollgate, a registered model and a client that has money. */
export interface Market {
  readonly ethers: HardhatEthers;
  readonly rpc: RpcProvider;
  readonly tollgate: Tollgate;
  readonly terms: PaymentTerms;
  readonly token: TestToken;
  readonly people: Readonly<Record<Role, HardhatEthersSigner>>;
  readonly model: SetUpModel;
  readonly registration: Registration;
}

/** Price of one inference, in base units of a token with six decimals. */
export const PRICE = 2_000_000n;
/** Seconds from opening a job to its deadline. */
const JOB_SECONDS = 3_600n;

const TOLL_BPS = 50;
/** A day, in seconds. */
const ORDER_LIFE = 86_400;
const PURSE = 100n * PRICE;

/** Deploys the contracts and the token, registers the model, and fills the client's and the copier's purse. */
export async function openMarket({ ethers, rpc }: Chain, model: SetUpModel): Promise<Market> {
  const [deployer, tollCollector, client, provider, copier] = await ethers.getSigners();
  const terms = { tollBps: TOLL_BPS, tollCollector: tollCollector.address, orderLife: ORDER_LIFE };
  const tollgate = await deployTollgate(ethers, deployer, terms);
  const token = await ethers.deployContract("TestToken", [], deployer);
  for (const { address } of [client, copier]) await (await token.mint(address, PURSE)).wait();
  const royalty = { royaltyBps: 0, royaltyTo: ZeroAddress };
  const registration = await registerModel(tollgate.registry, deployer, model, "", royalty);
  const people = { deployer, tollCollector, client, provider, copier };
  return { ethers, rpc, tollgate, terms, token, people, model, registration };
}

/** Terms of a job for the market's model: what the client pays, to whom, for an answer to the committed input. */
export async function quoteJob(market: Market, inputCommitment: bigint, changes: Partial<Job> = {}): Promise<Job> {
  const { ethers, token, people, registration } = market;
  const latest = await ethers.provider.getBlock("latest");
  return {
    client: people.client.address,
    provider: people.provider.address,
    token: await token.getAddress(),
    amount: PRICE,
    bond: 0n,
    modelId: BigInt(registration.modelId),
    inputCommitment: toBytes32(inputCommitment),
    acceptBy: 0n,
    deadline: BigInt(latest!.timestamp) + JOB_SECONDS,
    funding: FUNDING.allowance,
    nonce: 0n,
    ...changes,
  };
}
