import { Command } from "commander";
import { MODEL_COMMANDS, addCommands, type Commands } from "./terminal/commands.ts";
import { runProgram } from "./terminal/runProgram.ts";

const PROJECT_COMMANDS: Commands = {
  report: async () => (await import("./report.ts")).reportCommand(),
  deploy: async () => (await import("./deploy.ts")).deployCommand(),
  serve: async () => (await import("./serve.ts")).serveCommand(),
  audit: async () => (await import("./audit.ts")).auditCommand(),
  bench: async () => (await import("./bench.ts")).benchCommand(),
  generate: async () => (await import("./generate.ts")).generateCommand(),
  mutate: async () => (await import("./mutate.ts")).mutateCommand(),
};

const program = new Command("tollgate")
  .description("Pay for machine inference only against a proof.")
  // Commands within commands have options of the same names.
  .enablePositionalOptions();
await addCommands(program, { ...MODEL_COMMANDS, ...PROJECT_COMMANDS });

await runProgram(program);
