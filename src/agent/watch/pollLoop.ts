import { setTimeout as sleep } from "node:timers/promises";

/** Longest wait after failures, in polls. */
const MAX_POLLS = 32;

/** Repeats `work` until `signal` fires, when it resolves: after `milliseconds`, after twice as long for each failure in a row. */
export async function pollLoop(
  work: () => Promise<void>,
  milliseconds: number,
  onTrouble: (error: Error) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    try {
      await work();
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures++;
      onTrouble(error as Error);
    }
    const wait = milliseconds * Math.min(2 ** failures, MAX_POLLS);
    // Rejects only where the signal fires.
    await sleep(wait, undefined, { signal }).catch(() => {});
  }
}
