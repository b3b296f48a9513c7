import { InvalidArgumentError, Option, type Command } from "commander";
import { getAddress, isAddress } from "ethers";
import { addKey } from "./deployOptions.ts";
import type { ModelPlanOptions } from "./planModels.ts";

export interface ServeOptions extends Omit<ModelPlanOptions, "model"> {
  readonly network?: string;
  /** Path as given. */
  readonly record?: string;
  readonly rpc: string;
  /** Path as given. */
  readonly keyFile?: string;
  /** Price by model, in the token's base units. */
  readonly model: ReadonlyMap<string, bigint>;
  readonly token: string;
  readonly maxSeconds: number;
  readonly maxDelay: number;
  readonly confirmations?: number;
  /** In gwei. */
  readonly maxFee: string;
  readonly maxTip: string;
  /** Path as given. */
  readonly journal?: string;
  /** Path as given. */
  readonly prover?: string;
  readonly host: string;
  readonly port: number;
  readonly publicUrl?: string;
  readonly trustProxy?: boolean;
  readonly rate: number;
}

export const withServeOptions = (command: Command): Command =>
  command
    .option("--network <name>", "network that was deployed on: its record is in deployments/ or build/deployments/")
    .option("--record <file>", "deployment record, instead of --network")
    .addOption(
      new Option("--rpc <url>", "node of the chain")
        .env("TOLLGATE_RPC_URL")
        .default("http://127.0.0.1:8545")
        .argParser(parseUrl),
    )
    .option(
      "--key-file <file>",
      "file with the provider's key, readable by its owner only (instead: TOLLGATE_PROVIDER_KEY)",
    )
    .requiredOption(
      "--model <name=price>",
      "a model, by name or path as for deploy, and its price in the token's base units; can be repeated",
      addPrice,
    )
    .requiredOption("--token <address>", "ERC-20 token that is paid with", parseAddress)
    .option(
      "--key <name=folder>",
      "key folder of a model instead of the development key; can be repeated",
      addKey,
      new Map(),
    )
    .option("--ptau <file>", "powers-of-tau file that the keys were made from")
    .option("--accept-ptau", "take powers of tau that nobody published")
    .option("--max-seconds <seconds>", "longest time from now to an order's deadline", parseSeconds, 3_600)
    .option(
      "--max-delay <seconds>",
      "longest time that a prepaid order waits to be settled with others",
      parseSeconds,
      60,
    )
    .option(
      "--confirmations <blocks>",
      "blocks that must hold a deposit before it is worked for (default: by its amount)",
      parseCount,
    )
    .option("--max-fee <gwei>", "most that a unit of gas may cost", parseGwei, "100")
    .option("--max-tip <gwei>", "most that the tip on a unit of gas may be", parseGwei, "3")
    .option(
      "--journal <file>",
      "where orders, proofs and transactions are kept (default: a file of chain and key in ~/.tollgate)",
    )
    .option("--prover <path>", "program with rapidsnark's command line that proves instead of the built-in prover")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "port to listen on, 0 for any that is free", parsePort, 8_402)
    .option("--public-url <url>", "where clients reach the provider, if it is behind a proxy", parseUrl)
    .option("--trust-proxy", "count requests by the X-Forwarded-For header that the proxy writes")
    .option("--rate <requests>", "most requests a minute from one address", parseCount, 600);

function parseUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text.replace(/\/+$/, "");
  throw new InvalidArgumentError("want a URL with http or https.");
}

function parseAddress(text: string): string {
  if (isAddress(text) && BigInt(text) !== 0n) return getAddress(text);
  throw new InvalidArgumentError("want an address that is not zero.");
}

function addPrice(text: string, prices: ReadonlyMap<string, bigint> = new Map()): Map<string, bigint> {
  const [, name, price] = /^(.+)=([1-9][0-9]{0,37})$/.exec(text) ?? [];
  if (name === undefined)
    throw new InvalidArgumentError("want a model and a price in base units, such as digits-mlp=10000.");
  if (prices.has(name)) throw new InvalidArgumentError(`${name} has a price already.`);
  return new Map([...prices, [name, BigInt(price)]]);
}

const whole = (text: string, low: number, high: number): number => {
  if (/^\d{1,9}$/.test(text) && Number(text) >= low && Number(text) <= high) return Number(text);
  throw new InvalidArgumentError(`want ${low} to ${high}.`);
};
const parsePort = (text: string): number => whole(text, 0, 65_535);
const parseSeconds = (text: string): number => whole(text, 1, 2_592_000);
const parseCount = (text: string): number => whole(text, 1, 1_000_000);

function parseGwei(text: string): string {
  if (/^\d{1,6}(\.\d{1,9})?$/.test(text) && Number(text) > 0) return text;
  throw new InvalidArgumentError("want gwei above 0.");
}
