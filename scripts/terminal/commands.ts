import type { Command } from "commander";
import { checkKeyCommand } from "../checkKey.ts";
import { compileCommand } from "../compile.ts";
import { demoCommand } from "../demo.ts";
import { estimateCommand } from "../estimate.ts";
import { proveCommand } from "../prove.ts";
import { setupCommand } from "../setup.ts";
import { tryCommand } from "../try.ts";
import { verifyCommand } from "../verify.ts";

/** What whoever has a model uses: the commands of a checkout and of the package. */
export const modelCommands = (): Command[] => [
  demoCommand(),
  tryCommand(),
  estimateCommand(),
  compileCommand(),
  setupCommand(),
  checkKeyCommand(),
  proveCommand(),
  verifyCommand(),
];
