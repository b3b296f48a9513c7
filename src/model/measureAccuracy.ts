import { floatTwin } from "../float/floatTwin.ts";
import type { Graph } from "../ir/graph.ts";
import { encodeInputs } from "../ir/encodeInputs.ts";
import type { IntegerGraph } from "../ir/integerGraph.ts";
import { evaluate } from "../kernels/interpret.ts";
import type { HeldOutSample } from "./heldOut.ts";

/** Shares of held-out samples, 0 to 1; null where the float model is not there. */
export interface Accuracy {
  readonly samples: number;
  readonly integer: number;
  readonly float: number | null;
  /** Samples to which both give the same label. */
  readonly agreement: number | null;
}

/** Compares a classifier's integer program with its float model and the truth on held-out samples. */
export async function measureAccuracy(
  onnx: Uint8Array,
  float: Graph,
  graph: IntegerGraph,
  samples: readonly HeldOutSample[],
): Promise<Accuracy> {
  const at = graph.outputs.findIndex(({ role }) => role === "label");
  const integerLabels = samples.map(({ pixels }) => Number(evaluate(graph, encodeInputs(graph, [pixels]))[at][0]));
  const share = (hit: (index: number) => boolean) => samples.filter((_, index) => hit(index)).length / samples.length;
  const integer = share((index) => integerLabels[index] === samples[index].label);
  const twin = await floatTwin(onnx, float);
  if (twin === null) return { samples: samples.length, integer, float: null, agreement: null };
  const floatLabels: number[] = [];
  for (const { pixels } of samples) floatLabels.push((await twin.run([pixels]))[at].values[0]);
  await twin.release();
  return {
    samples: samples.length,
    integer,
    float: share((index) => floatLabels[index] === samples[index].label),
    agreement: share((index) => floatLabels[index] === integerLabels[index]),
  };
}
