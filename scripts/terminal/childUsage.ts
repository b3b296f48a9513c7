import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { parseJsonFile } from "../../src/jsonFile.ts";

/** Of the Node processes that were started: their CPU time together, and the memory of the largest. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly peakMemoryBytes: number;
}

const UsageFile = z.object({ cpuSeconds: z.number(), peakMemoryBytes: z.number() });

const RECORDER = new URL("./recordUsage.mjs", import.meta.url).href;

/** Runs `work` and tells what the Node processes used that it started and saw end; this process is not counted. */
export async function withChildUsage<Result>(work: () => Promise<Result>): Promise<{ result: Result; usage: Usage }> {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-usage-"));
  const { NODE_OPTIONS: options } = process.env;
  // A process that is started inherits both.
  process.env.NODE_OPTIONS = `${options ?? ""} --import=${RECORDER}`;
  process.env.TOLLGATE_USAGE = folder;
  try {
    const result = await work();
    return { result, usage: await collect(folder) };
  } finally {
    if (options === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = options;
    delete process.env.TOLLGATE_USAGE;
    await rm(folder, { recursive: true });
  }
}

async function collect(folder: string): Promise<Usage> {
  const files = await readdir(folder);
  const usages = await Promise.all(files.map((file) => parseJsonFile(join(folder, file), UsageFile)));
  return {
    cpuSeconds: usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakMemoryBytes: Math.max(0, ...usages.map(({ peakMemoryBytes }) => peakMemoryBytes)),
  };
}
