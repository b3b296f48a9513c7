/** Process that runs schedules, several side by side: most of a schedule's time is spent waiting. */
import { openChaosMarket } from "../market/chaosMarket.ts";
import { runSchedule, type ScheduleResult } from "./runSchedule.ts";

/** What the process is told once. */
export interface ScheduleTask {
  readonly seeds: readonly number[];
  /** Schedules at a time, each with a chain of its own. */
  readonly lanes: number;
}

/** What it says: the result of a schedule, or what broke in it. */
export type ScheduleMessage = ScheduleResult | { readonly seed: number; readonly broken: string };

process.once("message", (task: ScheduleTask) => void runAll(task));
process.on("disconnect", () => process.exit());

async function runAll({ seeds, lanes }: ScheduleTask): Promise<void> {
  const waiting = [...seeds];
  await Promise.all(Array.from({ length: Math.min(lanes, seeds.length) }, () => runLane(waiting)));
  process.disconnect();
}

async function runLane(waiting: number[]): Promise<void> {
  const market = await openChaosMarket();
  for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift())
    process.send!(await tryOut(market, seed));
}

const tryOut = (market: Parameters<typeof runSchedule>[0], seed: number): Promise<ScheduleMessage> =>
  runSchedule(market, seed).catch((error: Error) => ({ seed, broken: error.stack ?? error.message }));
