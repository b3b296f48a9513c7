#!/usr/bin/env node
import { Command } from "commander";
import { MODEL_COMMANDS, addCommands } from "./terminal/commands.ts";
import { runProgram } from "./terminal/runProgram.ts";

const program = new Command("tollgate")
  .description("Pay for machine inference only against a proof.")
  .addHelpText("after", "\ndeploy, report and the commands for whoever works on Tollgate are in its repository.");
await addCommands(program, MODEL_COMMANDS);

await runProgram(program);
