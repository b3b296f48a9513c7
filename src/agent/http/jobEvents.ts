import { setTimeout as wait } from "node:timers/promises";
import type { SSEStreamingApi } from "hono/streaming";
import type { Desk, JobView } from "../provider/desk.ts";
import type { Offer } from "../provider/offer.ts";
import { jobBody } from "./bodies.ts";
import type { Limits } from "./limits.ts";

const STILL_HERE = "still here";

/**
 * Writes each change of a job as an event `job`, and a comment where nothing changes, until the job is over, the client
 * is gone, or the stream's life ends. One event is written after another has been taken: a client that does not read
 * makes nothing pile up.
 */
export async function writeJobEvents(
  stream: SSEStreamingApi,
  views: AsyncIterable<JobView>,
  offer: Offer | undefined,
  { heartbeatSeconds }: Pick<Limits, "heartbeatSeconds">,
): Promise<void> {
  const iterator = views[Symbol.asyncIterator]();
  let next = iterator.next();
  while (!stream.aborted) {
    const result = await nextOrHeartbeat(next, heartbeatSeconds * 1000);
    if (result === STILL_HERE) {
      await stream.write(": waiting\n\n");
      continue;
    }
    if (result.done === true) return;
    await stream.writeSSE({ event: "job", data: JSON.stringify(jobBody(result.value, offer)) });
    next = iterator.next();
  }
}

async function nextOrHeartbeat(
  next: Promise<IteratorResult<JobView>>,
  milliseconds: number,
): Promise<IteratorResult<JobView> | typeof STILL_HERE> {
  const answered = new AbortController();
  const heartbeat = wait(milliseconds, undefined, { signal: answered.signal }).catch(() => undefined);
  try {
    return (await Promise.race([next, heartbeat])) ?? STILL_HERE;
  } finally {
    answered.abort();
  }
}

/** Follows a job for the life of a stream: stops when it ends, whatever ends it. */
export async function streamJob(
  stream: SSEStreamingApi,
  desk: Pick<Desk, "follow">,
  jobId: string,
  offer: Offer | undefined,
  limits: Pick<Limits, "heartbeatSeconds" | "streamSeconds">,
): Promise<void> {
  const ended = new AbortController();
  stream.onAbort(() => ended.abort());
  const life = setTimeout(() => stream.abort(), limits.streamSeconds * 1000);
  try {
    await writeJobEvents(stream, desk.follow(jobId, ended.signal), offer, limits);
  } finally {
    clearTimeout(life);
    ended.abort();
  }
}
