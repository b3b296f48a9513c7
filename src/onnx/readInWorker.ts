import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../errors.ts";
import type { Graph } from "../ir/graph.ts";
import type { ReadOptions } from "./readInputs.ts";
import type { Answer, Request } from "./readWorker.ts";

/** What reading a model may take. */
export interface ReadLimits {
  readonly seconds: number;
  /** Of JavaScript's heap; bytes of the file lie outside it. */
  readonly megabytes: number;
}

/** TypeScript in a checkout, compiled in a package, as this module. */
const WORKER = new URL(`./readWorker${extname(import.meta.url)}`, import.meta.url);

/** Far above what models take that a circuit can hold: 10 MB of weights take less than a second. */
const READ_LIMITS: ReadLimits = { seconds: 60, megabytes: 2048 };

/**
 * Reads an ONNX file in a process of its own, which ends when it takes too long or too much memory; not in a thread, since
 * V8 ends the whole process where a single allocation of a thread goes beyond its limit. The process sees none of the
 * environment. Throws InputError as `readOnnx` and `lowerGraph` do, and where a limit is exceeded; any other failure keeps
 * its cause.
 */
export async function readInWorker(
  bytes: Uint8Array,
  { dimensions, batch }: ReadOptions = {},
  limits: ReadLimits = READ_LIMITS,
): Promise<Graph> {
  const worker = fork(fileURLToPath(WORKER), {
    execArgv: [`--max-old-space-size=${limits.megabytes}`],
    env: {},
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  try {
    const answer = await answerOf(worker, { bytes, options: { dimensions, batch } }, limits);
    if ("graph" in answer) return answer.graph;
    if ("refusal" in answer) throw new InputError(answer.refusal);
    throw new Error("reading the ONNX file failed unexpectedly", { cause: answer.failure });
  } finally {
    worker.kill("SIGKILL");
  }
}

/** The worker's answer; rejects when it ends without one. */
function answerOf(worker: ChildProcess, request: Request, { seconds, megabytes }: ReadLimits): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(exceeded(`${seconds} seconds`)), seconds * 1000);
    let lastWords = "";
    worker.stderr!.setEncoding("utf8").on("data", (text: string) => (lastWords = (lastWords + text).slice(-20_000)));
    worker.on("message", (answer: Answer) => resolve(answer));
    worker.on("error", reject);
    worker.on("close", (code, signal) => {
      clearTimeout(timer);
      // The system kills what takes more memory than it has.
      const isOutOfMemory = signal === "SIGKILL" || lastWords.includes("heap out of memory");
      const ended = new Error(`the reader ended without an answer (${signal ?? code})`, { cause: lastWords });
      reject(isOutOfMemory ? exceeded(`${megabytes} MB of memory`) : ended);
    });
    // A worker that is gone before it has heard closes, too.
    worker.send(request, () => {});
  });
}

const exceeded = (limit: string): InputError =>
  new InputError(
    `ONNX file: reading it takes more than ${limit}; want a smaller model: fewer nodes, smaller weights, inputs or batch`,
  );
