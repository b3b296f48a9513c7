import config from "../../hardhat.config.ts";

/** Folder of a worker, set by whoever starts it. */
export const WORKER_FOLDER = "MUTATION_WORKER_FOLDER";

const folder = process.env[WORKER_FOLDER];
if (folder === undefined) throw new Error(`${WORKER_FOLDER} is not set`);

/**
 * The project's configuration with artifacts apart from others'. Code that is not optimised may be too large to deploy.
 * Fewer runs of fuzz tests: a mutant that only rare inputs tell from the original survives longer than it should.
 */
export default {
  ...config,
  paths: { ...config.paths, artifacts: `${folder}/artifacts`, cache: `${folder}/cache` },
  networks: { ...config.networks, default: { ...config.networks?.default, allowUnlimitedContractSize: true } },
  test: {
    ...config.test,
    solidity: { fuzz: { runs: 64, seed: "0x01" }, invariant: { runs: 8, depth: 32 } },
  },
};
