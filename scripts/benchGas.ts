import { Command } from "commander";
import { buildContracts } from "../src/chain/buildContracts.ts";
import { connectChain } from "../src/chain/localChain.ts";
import { gasReport, type GasReport } from "../src/gas/gasReport.ts";
import { measureGas } from "../src/gas/measureGas.ts";
import { writeJson } from "../src/jsonFile.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { step } from "./terminal/progress.ts";
import { formatInteger, formatTable } from "./terminal/table.ts";

export const benchGasCommand = (): Command =>
  new Command("gas")
    .description("measure the gas of every operation, an item, beside what the precompiles alone charge")
    .option("--json <file>", "write the figures here")
    .action(benchGas);

async function benchGas({ json }: { json?: string }): Promise<void> {
  await step("Compiling the contracts", buildContracts);
  const { connection } = await connectChain();
  const report = gasReport(await step("Measuring gas", () => measureGas(connection)));
  console.log(describe(report));
  if (json !== undefined) await writeJson(callerPath(json), report);
}

function describe(report: GasReport): string {
  const rows = Object.entries(report).map(([key, { gas, floor }]) => [
    key,
    formatInteger(gas),
    floor === null ? "–" : formatInteger(floor),
    floor === null ? "–" : (gas / floor).toFixed(3),
  ]);
  return formatTable([["operation", "gas", "floor", "gas / floor"], ...rows]);
}
