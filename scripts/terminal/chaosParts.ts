import { FAULTS } from "../../src/chaos/chain/faultPlan.ts";
import type { ScheduleResult } from "../../src/chaos/rpc/runSchedule.ts";
import { runSchedules } from "../../src/chaos/rpc/runSchedules.ts";
import { IDLE_LIMIT, LATENCY_LIMIT, runIdle, runLatency } from "../../src/chaos/timing/latency.ts";
import { MEMORY_LIMIT, runLoad } from "../../src/chaos/timing/load.ts";
import { runWrites, type WriteResult } from "../../src/chaos/writes/runWrites.ts";
import { formatInteger } from "./table.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly schedules: number;
  readonly jobs: number;
  readonly buyers: number;
  readonly purchases: number;
}

/** What one part found: rows of the table, figures for --json, and whatever must not be. */
export interface PartReport {
  readonly rows: readonly (readonly string[])[];
  readonly figures: object;
  readonly violations: readonly string[];
}

type Part = (options: ChaosOptions, tell: (line: string) => void) => Promise<PartReport>;

/** The parts of the command by name, in the order in which they run. */
export const CHAOS_PARTS: Readonly<Record<string, Part>> = { writes, rpc, load, latency, idle };

async function writes(_: ChaosOptions, tell: (line: string) => void): Promise<PartReport> {
  let done = 0;
  const results = await runWrites({
    onAgent: (agent, count) =>
      tell(`writes: ${count} of the ${agent}'s journal, each killed before, after, full, torn`),
    onResult: () => void (++done % 50 === 0 && tell(`writes: ${done} runs done`)),
  });
  const violations = results.flatMap((result) => result.violations.map((text) => `${placeOf(result)}: ${text}`));
  const figures = ["provider", "buyer"].map((agent) => {
    const runs = results.filter((result) => result.agent === agent);
    const points = new Set(runs.map(({ write }) => write)).size;
    return { agent, points, runs: runs.length, restarts: runs.reduce((sum, { restarts }) => sum + restarts, 0) };
  });
  const rows = figures.map(({ agent, points, runs, restarts }) => [
    `writes of the ${agent}`,
    `${points} writes × killed before, after, disk full, torn`,
    `${runs} runs, ${restarts} restarts`,
  ]);
  return { rows, figures: { agents: figures }, violations };
}

const placeOf = ({ agent, kind, write }: WriteResult): string => `${agent}, ${kind} at write ${write}`;

async function rpc({ seed, schedules, jobs }: ChaosOptions, tell: (line: string) => void): Promise<PartReport> {
  let done = 0;
  const onResult = (result: ScheduleResult) => {
    for (const text of result.violations) tell(`seed ${result.seed}: ${text}`);
    if (++done % 25 === 0) tell(`rpc: ${done} of ${schedules} schedules`);
  };
  const results = await runSchedules({ seed, schedules, jobs, onResult });
  const sum = (count: (result: ScheduleResult) => number) => results.reduce((all, one) => all + count(one), 0);
  const faults = Object.fromEntries(FAULTS.map((kind) => [kind, sum(({ faults: met }) => met[kind])]));
  const figures = {
    seed,
    schedules,
    orders: sum(({ orders }) => orders),
    payouts: sum(({ payouts }) => payouts),
    restarts: sum(({ restarts }) => restarts),
    reorgs: sum(({ weather }) => weather.reorgs),
    deepestReorg: Math.max(...results.map(({ weather }) => weather.deepest)),
    faults,
  };
  const { orders, payouts, reorgs, deepestReorg, restarts } = figures;
  const rows = [
    [
      "schedules of RPC faults",
      `${schedules} from seed ${seed}: ${FAULTS.map((kind) => `${kind} ${formatInteger(faults[kind])}`).join(", ")}`,
      `${formatInteger(orders)} orders and ${formatInteger(payouts)} transfers, each once`,
    ],
    ["reorganisations", `${formatInteger(reorgs)}, up to ${deepestReorg} blocks`, `${restarts} restarts`],
  ];
  const violations = results.flatMap(({ seed: at, violations: found }) => found.map((text) => `seed ${at}: ${text}`));
  return { rows, figures, violations };
}

async function load({ buyers }: ChaosOptions): Promise<PartReport> {
  const { violations, memory, ...figures } = await runLoad(buyers);
  const { p50, p99, total, highestMemory } = figures;
  const course = memory.filter((_, index) => index % Math.ceil(memory.length / 8) === 0);
  const rows = [
    ["buyers at once", `${buyers}, real proofs`, `p50 ${seconds(p50)}, p99 ${seconds(p99)}, all in ${seconds(total)}`],
    ["  memory, highest", `to reach: ${megabytes(MEMORY_LIMIT)}`, megabytes(highestMemory)],
    [
      "  memory over time",
      "",
      course.map(({ second, bytes }) => `${second.toFixed(0)} s: ${megabytes(bytes)}`).join(", "),
    ],
  ];
  return { rows, figures: { ...figures, memory }, violations };
}

async function latency({ purchases }: ChaosOptions): Promise<PartReport> {
  const { violations, ...figures } = await runLatency(purchases);
  const { median, slowest, provingShare } = figures;
  const rows = [
    ["order to settled receipt", `median of ${purchases}, to reach: ${seconds(LATENCY_LIMIT)}`, seconds(median)],
    ["  slowest, share of proving", "", `${seconds(slowest)}, ${(100 * provingShare).toFixed(0)} %`],
  ];
  return { rows, figures, violations };
}

async function idle(): Promise<PartReport> {
  const { violations, ...figures } = await runIdle();
  const rows = [
    ["idle provider", `to reach: ${megabytes(IDLE_LIMIT)}`, megabytes(figures.started)],
    ["  with a warm worker", "", megabytes(figures.warm)],
  ];
  return { rows, figures, violations };
}

const seconds = (value: number): string => `${value.toFixed(2)} s`;
const megabytes = (bytes: number): string => `${formatInteger(Math.round(bytes / 1e6))} MB`;
