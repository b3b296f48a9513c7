import { Command, InvalidArgumentError } from "commander";
import { InputError } from "../src/errors.ts";
import { GATES, type Gate } from "../src/gates/gate.ts";
import { type GateResult, argumentsOf, runGate } from "../src/gates/runGate.ts";
import { runProgram } from "./terminal/runProgram.ts";
import { formatTable } from "./terminal/table.ts";

const NAMES = GATES.map(({ name }) => name).join(", ");

interface Options {
  readonly only?: readonly string[];
  readonly quick: boolean;
  readonly count: ReadonlyMap<string, string>;
}

function collectCount(text: string, counts: ReadonlyMap<string, string>): Map<string, string> {
  const [name, count, ...rest] = text.split("=");
  if (count === undefined || rest.length > 0) throw new InvalidArgumentError("want gate=count, for example onnx=1000.");
  const gate = gateCalled(name);
  if (gate.count === undefined) throw new InvalidArgumentError(`${name} takes no count.`);
  return new Map([...counts, [name, count]]);
}

function gateCalled(name: string): Gate {
  const gate = GATES.find((one) => one.name === name);
  if (gate === undefined) throw new InputError(`gate ${name}: there is none of this name, want one of ${NAMES}`);
  return gate;
}

/** Runs all gates, one after the other, whatever fails. */
async function checkLong({ only, quick, count }: Options): Promise<void> {
  const gates = only === undefined ? GATES : only.map(gateCalled);
  const results: GateResult[] = [];
  for (const gate of gates) {
    const args = argumentsOf(gate, quick, count.get(gate.name));
    console.log(`\n${gate.name}: node ${args.join(" ")}`);
    results.push(await runGate(gate, args));
  }
  console.log(`\n${tableOf(results)}`);
  if (quick) console.log("  A rehearsal: its counts are too small to say anything.");
  if (results.some(({ passed }) => !passed)) process.exitCode = 1;
}

const tableOf = (results: readonly GateResult[]): string =>
  formatTable([
    ["gate", "result", "figure", "minutes"],
    ...results.map(({ name, passed, figure, minutes }) => [name, passed ? "pass" : "FAIL", figure, minutes.toFixed(1)]),
  ]);

await runProgram(
  new Command("check:long")
    .description(
      "Run every check that takes long, one after the other, and print a table of results and figures. Whole runs of the mutants write their pages in docs.",
    )
    .option("--only <gates...>", `only these of ${NAMES}`)
    .option("--quick", "small counts: a rehearsal of the commands, not of what they look for", false)
    .option(
      "--count <gate=count>",
      "another count for a gate: a sample of the mutants; can be repeated",
      collectCount,
      new Map(),
    )
    .action(checkLong),
);
