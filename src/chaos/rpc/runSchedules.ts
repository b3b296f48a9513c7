import { fork } from "node:child_process";
import { projectPath } from "../../paths.ts";
import type { ScheduleResult } from "./runSchedule.ts";
import type { ScheduleMessage, ScheduleTask } from "./scheduleWorker.ts";

/** Schedules at a time in one process. */
const LANES = 5;

export interface SchedulesOptions {
  /** Seed of the first; the others follow it. */
  readonly seed: number;
  readonly schedules: number;
  /** Processes at a time. */
  readonly jobs: number;
  readonly onResult: (result: ScheduleResult) => void;
}

/** Runs schedules in several processes. Throws where one breaks, with its seed. */
export async function runSchedules({ seed, schedules, jobs, onResult }: SchedulesOptions): Promise<ScheduleResult[]> {
  const seeds = Array.from({ length: schedules }, (_, index) => seed + index);
  const results: ScheduleResult[] = [];
  const take = (message: ScheduleMessage) => {
    if ("broken" in message) throw new Error(`schedule ${message.seed}: ${message.broken}`);
    results.push(message);
    onResult(message);
  };
  const shares = Array.from({ length: Math.min(jobs, schedules) }, (_, job) =>
    seeds.filter((_, index) => index % jobs === job),
  );
  await Promise.all(shares.map((share) => runProcess({ seeds: share, lanes: LANES }, take)));
  if (results.length !== schedules) throw new Error(`${results.length} schedules have ended, want ${schedules}`);
  return results.sort((a, b) => a.seed - b.seed);
}

function runProcess(task: ScheduleTask, take: (message: ScheduleMessage) => void): Promise<void> {
  const child = fork(projectPath("src/chaos/rpc/scheduleWorker.ts"), [], {
    cwd: projectPath("."),
    serialization: "advanced",
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  return new Promise((resolve, reject) => {
    child.on("message", (message) => {
      try {
        take(message as ScheduleMessage);
      } catch (error) {
        child.kill("SIGKILL");
        reject(error as Error);
      }
    });
    child.once("exit", () => resolve());
    child.send(task);
  });
}
