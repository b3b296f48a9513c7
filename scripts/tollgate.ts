import { Command } from "commander";
import { runProgram } from "./terminal/runProgram.ts";
import { auditCommand } from "./audit.ts";
import { benchCommand } from "./bench.ts";
import { checkKeyCommand } from "./checkKey.ts";
import { compileCommand } from "./compile.ts";
import { demoCommand } from "./demo.ts";
import { deployCommand } from "./deploy.ts";
import { estimateCommand } from "./estimate.ts";
import { generateCommand } from "./generate.ts";
import { mutateCommand } from "./mutate.ts";
import { proveCommand } from "./prove.ts";
import { reportCommand } from "./report.ts";
import { setupCommand } from "./setup.ts";
import { tryCommand } from "./try.ts";
import { verifyCommand } from "./verify.ts";

const program = new Command("tollgate")
  .description("Pay for machine inference only against a proof.")
  // Commands within commands have options of the same names.
  .enablePositionalOptions()
  .addCommand(demoCommand())
  .addCommand(tryCommand())
  .addCommand(estimateCommand())
  .addCommand(reportCommand())
  .addCommand(compileCommand())
  .addCommand(setupCommand())
  .addCommand(checkKeyCommand())
  .addCommand(proveCommand())
  .addCommand(verifyCommand())
  .addCommand(deployCommand())
  .addCommand(auditCommand())
  .addCommand(benchCommand())
  .addCommand(generateCommand())
  .addCommand(mutateCommand());

await runProgram(program);
