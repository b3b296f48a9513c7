import { availableParallelism } from "node:os";
import { Command } from "commander";
import { Listr, type ListrTask, PRESET_TIMER } from "listr2";
import { type Trial, tryProperty } from "../src/smt/checkProperty.ts";
import { PROPERTIES } from "../src/smt/properties.ts";
import { writeJson } from "../src/jsonFile.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { runProgram } from "./terminal/runProgram.ts";
import { formatTable } from "./terminal/table.ts";

const TIMER = { timer: PRESET_TIMER };

await runProgram(
  new Command("smt")
    .description("prove the accounting with the compiler's model checker, and refute it of libraries broken on purpose")
    .option("--json <file>", "write the figures here")
    .action(smt),
);

async function smt({ json }: { json?: string }): Promise<void> {
  const trials: Trial[] = [];
  const tasks: ListrTask[] = PROPERTIES.map((property, index) => ({
    title: property.contract,
    task: async (_, task) => {
      trials[index] = await tryProperty(property);
      task.title = `${property.contract}: ${trials[index].result}`;
    },
  }));
  await new Listr(tasks, {
    concurrent: availableParallelism(),
    fallbackRenderer: "simple",
    rendererOptions: TIMER,
    fallbackRendererOptions: TIMER,
  }).run();
  console.log(
    formatTable([["property", "library", "result", "targets", "when broken", "seconds"], ...trials.map(rowOf)]),
  );
  for (const { title, objections } of trials) for (const text of objections) console.log(`\n${title}:\n${text}`);
  const proved = trials.filter(({ result }) => result === "proved").length;
  const refuted = trials.filter(({ noticesBreak }) => noticesBreak).length;
  if (json !== undefined) await writeJson(callerPath(json), { properties: trials.length, proved, refuted });
  const failed = trials.filter(({ result, noticesBreak }) => result !== "proved" || !noticesBreak).length;
  if (failed > 0) process.exitCode = 1;
}

// A declaration: the command above runs before what follows it.
function rowOf({ title, property, result, proved, noticesBreak, seconds }: Trial): string[] {
  const [targets, broken] = [`${proved}/${property.targets}`, noticesBreak ? "refuted" : "not refuted"];
  return [title, property.library, result, targets, broken, seconds.toFixed(1)];
}
