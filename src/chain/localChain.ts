import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import type { HttpNetworkConfig, ResolvedConfigurationVariable } from "hardhat/types/config";
import type { NetworkConnection } from "hardhat/types/network";
import { InputError } from "../errors.ts";
import type { RpcProvider } from "./frameGas.ts";

/** A development chain inside this process, or a network of the Hardhat configuration. */
export interface Chain {
  readonly name: string;
  readonly ethers: HardhatEthers;
  readonly rpc: RpcProvider;
  readonly connection: NetworkConnection;
  readonly close: () => Promise<void>;
}

/**
 * Connects to a network of hardhat.config.ts by name; without one, starts a fresh development chain (31337). Throws
 * InputError where the configuration has no such network, a variable of it is not set, or nothing answers there.
 */
export async function connectChain(network?: string): Promise<Chain> {
  // Loaded late: it reads hardhat.config.ts from the working folder at once.
  const { default: hre } = await import("hardhat");
  if (network !== undefined && !Object.hasOwn(hre.config.networks, network)) {
    throw new InputError(`network ${network}: unknown, want one of ${Object.keys(hre.config.networks).join(", ")}`);
  }
  const config = hre.config.networks[network ?? "default"];
  if (config.type === "http") await requireVariables(network!, config);
  const connection = await hre.network.create(network);
  await requireAnswer(connection);
  return chainOf(connection);
}

/** Starts a chain inside this process that claims to be another. */
export async function connectDevelopmentChain(chainId: number): Promise<Chain> {
  const { default: hre } = await import("hardhat");
  return chainOf(await hre.network.create({ network: "default", override: { chainId } }));
}

/** A connection that is known to answer. */
export const chainOf = (connection: NetworkConnection): Chain => ({
  name: connection.networkName,
  ethers: connection.ethers,
  rpc: connection.provider,
  connection,
  close: () => connection.close(),
});

/** Number of Hardhat's error for a variable that is neither in the keystore nor in the environment. */
const NOT_SET = new Set([7, 50_002]);
const PRIVATE_KEY = /^0x[0-9a-fA-F]{64}$/;

/** Reads the variables, so that what is wrong with one is said here; no value is ever shown. */
async function requireVariables(network: string, { url, accounts }: HttpNetworkConfig): Promise<void> {
  await readVariable(network, url, "a URL", (value) => URL.canParse(value));
  if (!Array.isArray(accounts)) return;
  for (const account of accounts) {
    await readVariable(network, account, "a private key of 32 bytes in hex, with 0x", (value) =>
      PRIVATE_KEY.test(value),
    );
  }
}

async function readVariable(
  network: string,
  variable: ResolvedConfigurationVariable,
  wanted: string,
  isRight: (value: string) => boolean,
): Promise<void> {
  const { name } = variable as { name?: string };
  let value: string;
  try {
    value = await variable.get();
  } catch (error) {
    const { number, message } = error as { number?: number; message: string };
    if (number === undefined) throw error;
    const flaw = NOT_SET.has(number) ? "is not set" : `cannot be read (${message})`;
    throw new InputError(`network ${network}: ${name} ${flaw}, run: npx hardhat keystore set ${name}`, {
      cause: error,
    });
  }
  if (!isRight(value)) throw new InputError(`network ${network}: ${name ?? "its configuration"} is not ${wanted}`);
}

async function requireAnswer({ networkName, networkConfig, provider }: NetworkConnection): Promise<void> {
  let chainId: unknown;
  try {
    chainId = await provider.request({ method: "eth_chainId" });
  } catch (error) {
    if (networkConfig.type !== "http") throw error;
    throw new InputError(`network ${networkName}: nothing answers at ${shown(await networkConfig.url.getUrl())}`, {
      cause: error,
    });
  }
  const { chainId: wanted } = networkConfig;
  if (wanted === undefined || Number(chainId) === wanted) return;
  throw new InputError(`network ${networkName}: chain ${Number(chainId)} answers, hardhat.config.ts wants ${wanted}`);
}

/** A URL's path and query may hold an access key. */
const shown = (url: string): string => new URL(url).origin;
