import { Command } from "commander";
import { runProgram } from "./terminal/runProgram.ts";
import { modelCommands } from "./terminal/commands.ts";
import { auditCommand } from "./audit.ts";
import { benchCommand } from "./bench.ts";
import { deployCommand } from "./deploy.ts";
import { generateCommand } from "./generate.ts";
import { mutateCommand } from "./mutate.ts";
import { reportCommand } from "./report.ts";

const program = new Command("tollgate")
  .description("Pay for machine inference only against a proof.")
  // Commands within commands have options of the same names.
  .enablePositionalOptions();
modelCommands().forEach((command) => program.addCommand(command));
program
  .addCommand(reportCommand())
  .addCommand(deployCommand())
  .addCommand(auditCommand())
  .addCommand(benchCommand())
  .addCommand(generateCommand())
  .addCommand(mutateCommand());

await runProgram(program);
