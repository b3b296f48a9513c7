import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { IS_PACKAGE, projectPath } from "../paths.ts";

const require = createRequire(import.meta.url);
const run = promisify(execFile);

/**
 * Compiles the contracts unless their artefacts are up to date, as the package's always are, in a child process: the compiler blocks, and its
 * warnings about library code are for developers (`npm run build` shows them). Throws an Error with its text as cause.
 */
export async function buildContracts(): Promise<void> {
  if (IS_PACKAGE) return;
  const cli = join(dirname(require.resolve("hardhat")), "cli.js");
  try {
    await run(process.execPath, [cli, "build", "--quiet", "--no-tests"], { cwd: projectPath(".") });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error("the contracts do not compile", { cause: `${stdout}${stderr}`.trim() });
  }
}
