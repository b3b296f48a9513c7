import { createRequire } from "node:module";
import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { configVariable, defineConfig } from "hardhat/config";

const require = createRequire(import.meta.url);

// The compiler is the npm package's: pinned by the lock file, never downloaded.
const solc = {
  version: "0.8.30",
  path: require.resolve("solc/soljson.js"),
  settings: {
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 1_000_000 },
    viaIR: true,
    metadata: { bytecodeHash: "none" as const },
  },
};

// Runs of a fuzzed property, and runs of an invariant with the calls of each; `npm run fuzz -- contracts` takes the long ones.
const { fuzz, invariant } =
  process.env.TOLLGATE_FUZZ === "long"
    ? { fuzz: { runs: 10_000 }, invariant: { runs: 1_000, depth: 100 } }
    : { fuzz: { runs: 256 }, invariant: { runs: 32, depth: 32 } };

/** A public network. Its URL and the deployer's key come from Hardhat's keystore, under the prefix of its name. */
const publicNetwork = (chainId: number, prefix: string, chainType: "l1" | "op" | "generic") => ({
  type: "http" as const,
  chainType,
  chainId,
  url: configVariable(`${prefix}_RPC_URL`),
  accounts: [configVariable(`${prefix}_DEPLOYER_KEY`)],
});

export default defineConfig({
  plugins: [toolbox],
  paths: { cache: "build/hardhat/cache", artifacts: "build/hardhat/artifacts", ignition: "build/ignition" },
  typechain: { outDir: "build/hardhat/types" },
  networks: {
    default: { type: "edr-simulated", chainType: "l1", hardfork: "osaka" },
    localhost: { type: "http", chainType: "l1", url: "http://127.0.0.1:8545" },
    sepolia: publicNetwork(11_155_111, "SEPOLIA", "l1"),
    baseSepolia: publicNetwork(84_532, "BASE_SEPOLIA", "op"),
    optimismSepolia: publicNetwork(11_155_420, "OPTIMISM_SEPOLIA", "op"),
    arbitrumSepolia: publicNetwork(421_614, "ARBITRUM_SEPOLIA", "generic"),
  },
  solidity: { profiles: { default: solc, production: solc } },
  test: {
    mocha: { timeout: 120_000, parallel: true, jobs: 3 },
    solidity: { fuzz: { ...fuzz, seed: "0x01" }, invariant },
  },
});
