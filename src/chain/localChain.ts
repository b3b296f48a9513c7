import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import type { NetworkConnection } from "hardhat/types/network";
import { InputError } from "../errors.ts";
import type { RpcProvider } from "./frameGas.ts";
import { hardhatRuntime } from "./hardhatRuntime.ts";

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
 * InputError where the configuration has no such network or nothing answers there.
 */
export async function connectChain(network?: string): Promise<Chain> {
  const hre = await hardhatRuntime();
  if (network !== undefined && !Object.hasOwn(hre.config.networks, network)) {
    throw new InputError(`network ${network}: unknown, want one of ${Object.keys(hre.config.networks).join(", ")}`);
  }
  const connection = await hre.network.create(network);
  await requireAnswer(connection);
  return {
    name: connection.networkName,
    ethers: connection.ethers,
    rpc: connection.provider,
    connection,
    close: () => connection.close(),
  };
}

async function requireAnswer({ networkName, networkConfig, provider }: NetworkConnection): Promise<void> {
  try {
    await provider.request({ method: "eth_chainId" });
  } catch (error) {
    if (networkConfig.type !== "http") throw error;
    throw new InputError(`network ${networkName}: nothing answers at ${await networkConfig.url.getUrl()}`);
  }
}
