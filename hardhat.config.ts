import { createRequire } from "node:module";
import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";

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

export default defineConfig({
  plugins: [toolbox],
  paths: { cache: "build/hardhat/cache", artifacts: "build/hardhat/artifacts" },
  typechain: { outDir: "build/hardhat/types" },
  networks: {
    default: { type: "edr-simulated", chainType: "l1", hardfork: "osaka" },
    localhost: { type: "http", chainType: "l1", url: "http://127.0.0.1:8545" },
  },
  solidity: { profiles: { default: solc, production: solc } },
  test: {
    mocha: { timeout: 120_000 },
    solidity: { fuzz: { ...fuzz, seed: "0x01" }, invariant },
  },
});
