import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { InputError } from "../errors.ts";
import { IS_PACKAGE, projectPath, workPath } from "../paths.ts";

/**
 * Hardhat with the configuration of the checkout, or in a package with the in-process chain and the package's artefacts
 * only. Loaded late: Hardhat reads its configuration from the working folder at once, and users of the package may have
 * none. Throws InputError where they have none.
 */
export const hardhatRuntime = async (): Promise<HardhatRuntimeEnvironment> =>
  IS_PACKAGE ? packageRuntime() : (await import("hardhat")).default;

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
