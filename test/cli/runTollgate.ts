import { spawn } from "node:child_process";
import { projectPath } from "../../src/paths.ts";

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line as a user in `folder` would through npm. */
export const runTollgate = (folder: string, ...args: string[]): Promise<CommandResult> =>
  runScript("tollgate", folder, ...args);

/** The same for another script of the project. */
export function runScript(name: string, folder: string, ...args: string[]): Promise<CommandResult> {
  const child = spawn(process.execPath, [projectPath(`scripts/${name}.ts`), ...args], {
    cwd: projectPath("."),
    // As users have it: what parallel tests load into every process would only slow this one down.
    env: { ...process.env, NODE_OPTIONS: "", INIT_CWD: folder },
  });
  const texts = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (texts.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (texts.stderr += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...texts }));
  });
}
