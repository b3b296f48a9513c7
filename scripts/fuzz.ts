import { Command } from "commander";
import { fuzzOnnxCommand } from "./fuzzOnnx.ts";
import { fuzzVerifierCommand } from "./fuzzVerifier.ts";
import { runProgram } from "./terminal/runProgram.ts";

await runProgram(
  new Command("fuzz")
    .description("Look for inputs that break the compiler, and for proofs about which the verifiers disagree.")
    .addCommand(fuzzOnnxCommand())
    .addCommand(fuzzVerifierCommand()),
);
