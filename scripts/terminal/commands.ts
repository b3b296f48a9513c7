import type { Command } from "commander";

/** Makes each command of a program by its name. */
export type Commands = Readonly<Record<string, () => Promise<Command>>>;

/** What whoever has a model uses: the commands of a checkout and of the package. */
export const MODEL_COMMANDS: Commands = {
  demo: async () => (await import("../demo.ts")).demoCommand(),
  try: async () => (await import("../try.ts")).tryCommand(),
  estimate: async () => (await import("../estimate.ts")).estimateCommand(),
  compile: async () => (await import("../compile.ts")).compileCommand(),
  setup: async () => (await import("../setup.ts")).setupCommand(),
  "check-key": async () => (await import("../checkKey.ts")).checkKeyCommand(),
  prove: async () => (await import("../prove.ts")).proveCommand(),
  verify: async () => (await import("../verify.ts")).verifyCommand(),
  buy: async () => (await import("../buy.ts")).buyCommand(),
};

/** Adds the command that is called, or all of them for help and for names that are not there: loading each takes time. */
export async function addCommands(program: Command, commands: Commands): Promise<void> {
  const [, , name] = process.argv;
  const called = Object.hasOwn(commands, name) ? [commands[name]] : Object.values(commands);
  for (const make of called) program.addCommand(await make());
}
