import { CommanderError, type Command } from "commander";
import { brokenConnection } from "../../src/chain/connection.ts";
import { InputError } from "../../src/errors.ts";
import { IS_PACKAGE, projectPath } from "../../src/paths.ts";
import "./callerPath.ts";

/** Runs a command line. Exit code 0 on success, 2 on bad input (one line), 1 on anything unexpected (with its cause). */
export async function runProgram(program: Command): Promise<void> {
  prepare(program);
  // Hardhat looks for its configuration from the working folder; callerPath has kept the caller's.
  if (!IS_PACKAGE) process.chdir(projectPath("."));
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = report(error);
  }
  // Worker threads of the curve and of the in-process chain would keep the process alive.
  process.exit();
}

/** Makes commander throw instead of exiting, in every command. */
function prepare(command: Command): void {
  command.exitOverride().configureHelp({ sortSubcommands: false });
  command.commands.forEach(prepare);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof InputError) {
    // Names in the message come from files: no line break or control character may reach the terminal.
    console.error(`error: ${error.message.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")}`);
    return 2;
  }
  const broken = brokenConnection(error);
  if (broken !== undefined) {
    // Without the node's URL, in which providers put access keys.
    console.error(`error: the connection to the network broke (${broken}); run the same command again`);
    return 2;
  }
  console.error(error);
  return 1;
}
