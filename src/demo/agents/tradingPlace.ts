import { JsonRpcProvider, Wallet, ZeroAddress, parseEther, type Provider } from "ethers";
import type { AuthorizationToken } from "../../../build/hardhat/types/index.ts";
import { deployTollgate, recordOf, registerModel, type Account } from "../../chain/deploy.ts";
import { findKnownGood } from "../../chain/knownGood.ts";
import { writeRecord, type DeploymentRecord, type ModelRecord } from "../../chain/record.ts";
import { shippedContracts } from "../../chain/shippedContracts.ts";
import type { SetUpModel } from "../../model/setupModel.ts";
import { setupKindOf } from "../../setup/setupKindOf.ts";
import { DEVELOPMENT_CHAIN_ID } from "../../setup/dealerConstants.ts";
import { moduleBeside, startNode } from "./child.ts";

/** Everybody with a key of their own. */
export type Agent = "seller" | "cheat" | "ada" | "ben";

/** A chain in a process of its own with Tollgate, a dollar that knows ERC-3009, models and agents with purses. */
export interface TradingPlace {
  readonly url: string;
  readonly provider: Provider;
  readonly record: DeploymentRecord;
  readonly recordPath: string;
  readonly token: AuthorizationToken;
  readonly agents: Readonly<Record<Agent, Wallet>>;
  /** Moves the chain's clock. */
  readonly wait: (seconds: number) => Promise<void>;
  readonly close: () => void;
}

/** What a buyer begins with, in base units of a token with 18 decimals. */
const PURSE = 100n * 10n ** 18n;
/** EIP-712 domain of the story's token. */
export const TOKEN_DOMAIN = { name: "Signed Dollar", version: "1" };
const TOLL_BPS = 50;
const ORDER_LIFE = 86_400;
const AGENTS: readonly Agent[] = ["seller", "cheat", "ada", "ben"];

/** Starts the chain, deploys the contracts, registers the models and fills the purses. */
export async function openTradingPlace(
  models: Readonly<Record<string, SetUpModel>>,
  recordPath: string,
  cacheRoot: string,
): Promise<TradingPlace> {
  const chain = startNode(moduleBeside("chainProcess"), []);
  const [url] = await chain.said(/^http:\/\/\S+$/);
  const provider = new JsonRpcProvider(url, Number(DEVELOPMENT_CHAIN_ID), { staticNetwork: true, cacheTimeout: -1 });
  const deployer = await provider.getSigner(0);
  const agents = Object.fromEntries(
    AGENTS.map((name) => [name, new Wallet(Wallet.createRandom().privateKey, provider)]),
  );
  const token = (await shippedContracts.deployContract("mocks/AuthorizationToken", [], deployer)) as AuthorizationToken;
  for (const [name, { address }] of Object.entries(agents)) {
    await (await deployer.sendTransaction({ to: address, value: parseEther("10") })).wait();
    if (name === "ada" || name === "ben") await (await token.mint(address, PURSE)).wait();
  }
  const record = await deploy(models, deployer, cacheRoot);
  await writeRecord(recordPath, record);
  return {
    url,
    provider,
    record,
    recordPath,
    token,
    agents: agents as Record<Agent, Wallet>,
    wait: async (seconds) => {
      await provider.send("evm_increaseTime", [seconds]);
      await provider.send("evm_mine", []);
    },
    close: () => {
      provider.destroy();
      chain.kill("SIGTERM");
    },
  };
}

async function deploy(
  models: Readonly<Record<string, SetUpModel>>,
  deployer: Account,
  cacheRoot: string,
): Promise<DeploymentRecord> {
  const terms = { tollBps: TOLL_BPS, tollCollector: deployer.address, orderLife: ORDER_LIFE };
  const tollgate = await deployTollgate(shippedContracts, deployer, terms);
  const records: Record<string, ModelRecord> = {};
  for (const [name, model] of Object.entries(models)) {
    const royalty = { royaltyBps: 0, royaltyTo: ZeroAddress };
    const registration = await registerModel(tollgate.registry, deployer, model, "", royalty);
    const knownGoodProof = await findKnownGood(model, model.zkeyPath, cacheRoot);
    records[name] = { ...registration, setup: setupKindOf(model.vkey), knownGoodProof };
  }
  const network = { name: "demo-agents", chainId: Number(DEVELOPMENT_CHAIN_ID), commit: null };
  return recordOf(tollgate, terms, network, records);
}
