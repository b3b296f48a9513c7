import { Listr, PRESET_TIMER, type ListrTask } from "listr2";
import type { DeploymentStep } from "../../src/chain/deployment/plan.ts";

/** Shows a line a transaction, which is ticked when `onDone` is told it. */
export async function showSteps<Result>(
  steps: readonly DeploymentStep[],
  work: (onDone: (step: DeploymentStep) => void) => Promise<Result>,
): Promise<Result> {
  const done = new Map<string, () => void>();
  const tasks = steps.map(({ id, title }): ListrTask => {
    const finished = new Promise<void>((resolve) => done.set(id, resolve));
    // A failure ends the line that waits, whichever it is; its cause is told below.
    return { title, task: () => Promise.race([finished, working]) };
  });
  const working = work(({ id }) => done.get(id)!());
  const list = new Listr(tasks, {
    fallbackRenderer: "simple",
    rendererOptions: { timer: PRESET_TIMER },
    fallbackRendererOptions: { timer: PRESET_TIMER },
  });
  await list.run().catch(() => {});
  return working;
}
