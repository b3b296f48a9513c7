import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import type { NetworkConnection } from "hardhat/types/network";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { InputError } from "../errors.ts";
import { IS_PACKAGE, projectPath, workPath } from "../paths.ts";
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
 * InputError where the configuration has no such network or nothing answers there.
 */
export async function connectChain(network?: string): Promise<Chain> {
  const hre = await (IS_PACKAGE ? packageRuntime() : checkoutRuntime());
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

/** Loaded late: it reads hardhat.config.ts from the working folder at once. */
const checkoutRuntime = async (): Promise<HardhatRuntimeEnvironment> => (await import("hardhat")).default;

/** A Hardhat of the user's own project with nothing of its configuration: the in-process chain and the package's artefacts. */
async function packageRuntime(): Promise<HardhatRuntimeEnvironment> {
  try {
    const { createHardhatRuntimeEnvironment } = await import("hardhat/hre");
    const { default: hardhatEthers } = await import("@nomicfoundation/hardhat-ethers");
    const paths = { artifacts: projectPath("build/hardhat/artifacts"), cache: workPath("build/hardhat/cache") };
    const networks = { default: { type: "edr-simulated", chainType: "l1", hardfork: "osaka" } } as const;
    return await createHardhatRuntimeEnvironment({ plugins: [hardhatEthers], paths, networks }, {}, workPath("."));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new InputError(
      "an in-process chain takes Hardhat 3, run: npm install --save-dev hardhat @nomicfoundation/hardhat-ethers",
      { cause: error },
    );
  }
}

async function requireAnswer({ networkName, networkConfig, provider }: NetworkConnection): Promise<void> {
  try {
    await provider.request({ method: "eth_chainId" });
  } catch (error) {
    if (networkConfig.type !== "http") throw error;
    throw new InputError(`network ${networkName}: nothing answers at ${await networkConfig.url.getUrl()}`);
  }
}
