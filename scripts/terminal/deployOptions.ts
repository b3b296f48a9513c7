import { InvalidArgumentError, type Command } from "commander";
import { getAddress, isAddress } from "ethers";
import type { PaymentTerms } from "../../src/chain/deploy.ts";
import type { Chain } from "../../src/chain/localChain.ts";
import { InputError } from "../../src/errors.ts";
import { DEVELOPMENT_CHAIN_ID } from "../../src/setup/dealerConstants.ts";
import { requireKeys, type ModelPlanOptions } from "./planModels.ts";

export interface DeployOptions extends ModelPlanOptions {
  readonly network: string;
  readonly tollBps: number;
  readonly tollCollector?: string;
  readonly orderLife: number;
  readonly poseidon?: boolean;
  /** Path as given. */
  readonly explorerInput?: string;
  readonly dryRun?: boolean;
}

export const withDeployOptions = (command: Command): Command =>
  command
    .requiredOption("--network <name>", "network of hardhat.config.ts, for example localhost")
    .option("--model <name...>", "models to register", ["digits-mlp"])
    .option("--no-model", "deploy the contracts only")
    .option(
      "--key <name=folder>",
      "key folder of a model instead of the development key; can be repeated",
      addKey,
      new Map(),
    )
    .option("--ptau <file>", "powers-of-tau file that the keys were made from")
    .option("--accept-ptau", "take powers of tau that nobody published")
    .option("--toll-bps <points>", "toll of every settled amount in basis points, 0 to 100", parseTollBps, 0)
    .option(
      "--toll-collector <address>",
      "who is credited with tolls (on chain 31337: the deployer unless given)",
      parseAddress,
    )
    .option("--order-life <seconds>", "longest life of a prepaid order, 600 to 2592000", parseOrderLife, 86_400)
    .option("--poseidon", "also place the hash contracts that consumers' input commitments call")
    .option("--explorer-input <folder>", "write what block explorers ask for to verify the sources")
    .option("--dry-run", "predict addresses, gas and fee; send and write nothing");

/** What is decided before anything is built. */
export interface Settled {
  readonly chainId: bigint;
  readonly commit: string | null;
  readonly terms: PaymentTerms;
}

/** Throws InputError for a network, terms, keys or sources that no public deployment may have. */
export async function requireSettled(chain: Chain, options: DeployOptions, commit: string | null): Promise<Settled> {
  if (chain.connection.networkConfig.type !== "http") {
    throw new InputError(`network ${chain.name}: lives in this process only, want one with a url, such as localhost`);
  }
  const { chainId } = await chain.ethers.provider.getNetwork();
  requireKeys(options, chainId);
  const isPublic = chainId !== DEVELOPMENT_CHAIN_ID;
  if (isPublic && options.tollCollector === undefined) {
    throw new InputError(
      `chain ${chainId}: give --toll-collector ADDRESS; the same on every chain gives the same addresses`,
    );
  }
  if (isPublic && commit === null && options.dryRun !== true) {
    throw new InputError(
      `chain ${chainId}: files differ from the last commit, so that no record could name its sources; commit them`,
    );
  }
  const { tollBps, tollCollector = (await chain.ethers.getSigners())[0].address, orderLife } = options;
  return { chainId, commit, terms: { tollBps, tollCollector, orderLife } };
}

function parseTollBps(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 100) return Number(text);
  throw new InvalidArgumentError("want 0 to 100.");
}

function parseOrderLife(text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 600 && Number(text) <= 2_592_000) return Number(text);
  throw new InvalidArgumentError("want 600 to 2592000 seconds.");
}

function parseAddress(text: string): string {
  if (isAddress(text) && BigInt(text) !== 0n) return getAddress(text);
  throw new InvalidArgumentError("want an address that is not zero.");
}

/** Adds a model's key folder to those that were given before. */
export function addKey(text: string, keys: ReadonlyMap<string, string>): Map<string, string> {
  const [name, folder, ...rest] = text.split("=");
  if (name === "" || !folder || rest.length > 0)
    throw new InvalidArgumentError("want a model and a folder, NAME=FOLDER.");
  return new Map([...keys, [name, folder]]);
}
