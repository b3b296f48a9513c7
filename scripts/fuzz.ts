import { Command } from "commander";
import { fuzzContractsCommand } from "./fuzzContracts.ts";
import { fuzzOnnxCommand } from "./fuzzOnnx.ts";
import { fuzzVerifierCommand } from "./fuzzVerifier.ts";
import { runProgram } from "./terminal/runProgram.ts";

await runProgram(
  new Command("fuzz")
    .description(
      "Look for inputs that break the compiler, for proofs about which the verifiers disagree, and for calls that break the contracts.",
    )
    .addCommand(fuzzOnnxCommand())
    .addCommand(fuzzVerifierCommand())
    .addCommand(fuzzContractsCommand()),
);
