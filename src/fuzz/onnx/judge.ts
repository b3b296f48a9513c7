import { elementCount } from "../../codec/codec.ts";
import { InputError } from "../../errors.ts";
import type { Graph } from "../../ir/graph.ts";
import { readOnnx } from "../../onnx/readOnnx.ts";
import { evaluateReal } from "../../passes/evaluateReal.ts";
import { lowerGraph } from "../../passes/lowerGraph.ts";
import { quantise } from "../../passes/quantise.ts";
import { flawOfProgram } from "./flawOfProgram.ts";

/** What becomes of a file: a program, a refusal, or something that must not be. */
export type Verdict = { readonly kind: "accepted" | "refused" } | Fault;

export interface Fault {
  readonly kind: "fault";
  /** The same for faults that are most likely the same mistake. */
  readonly signature: string;
  readonly detail: string;
}

/** Elements of all values of a model that is taken through to an integer program. */
const CHEAP = 400;

/**
 * Reads, infers, folds, lowers and, where that is cheap, evaluates and quantises a file. All that may come of it is a
 * program without a flaw, or an InputError that says something.
 */
export function judge(bytes: Uint8Array): Verdict {
  try {
    accept(bytes);
    return { kind: "accepted" };
  } catch (error) {
    if (!(error instanceof InputError)) return faultOf(error);
    const wrong = flawOf(error.message);
    return wrong === undefined ? { kind: "refused" } : fault(wrong, error.message);
  }
}

function accept(bytes: Uint8Array): void {
  const graph = readOnnx(bytes);
  const real = lowerGraph(graph);
  const flaw = flawOfProgram(real);
  if (flaw !== undefined) throw new Error(flaw);
  if (sizeOf(graph) > CHEAP) return;
  evaluateReal(
    real,
    real.inputs.map(({ shape }) => Array<number>(elementCount(shape)).fill(1)),
  );
  // Beyond what an input's type holds there is nothing but a refusal.
  const low = graph.inputs.every(({ bounds }) => bounds === undefined || bounds[0] < 0) ? -1 : 0;
  quantise(graph, { inputRange: [low, 1], weightBits: 8, activationBits: 8, inputBits: 8 });
}

const sizeOf = ({ values, constants, inputs }: Graph): number =>
  [...inputs, ...values.values(), ...constants.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);

/** Longest message of the reader's own; its constructor cuts only what no one has foreseen. */
const MAX_MESSAGE = 4000;

/** What is wrong with a message: names aside, it holds what no user should read. */
function flawOf(message: string): string | undefined {
  if (message.length > MAX_MESSAGE) return "a message that is too long";
  const own = message.replace(/"(\\.|[^"\\])*"/g, "");
  const stray = /undefined|\[object|=>|Cannot read|is not a function|at offset NaN/.exec(own);
  return stray === null ? undefined : `a message with ${JSON.stringify(stray[0])}`;
}

function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return fault("thrown: no error", String(error));
  const frames = (error.stack ?? "").split("\n").filter((line) => line.includes("/src/"));
  const place = /\/src\/([\w/]+\.ts:\d+)/.exec(frames[0] ?? "")?.[1] ?? "nowhere";
  const message = error.message.replace(/\d[\d.]*/g, "#").slice(0, 80);
  return fault(`${error.name} at ${place}: ${message}`, error.stack ?? error.message);
}

const fault = (signature: string, detail: string): Fault => ({ kind: "fault", signature, detail });
