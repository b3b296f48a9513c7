import type { CodecTensor } from "../codec/codec.ts";
import { highest, lowest } from "../codec/codec.ts";
import type { IntegerGraph, KernelNode } from "../ir/integerGraph.ts";
import { intervalsOf } from "../kernels/interpret.ts";
import { bitWidth } from "../passes/integerWidth.ts";

/**
 * A program made in code, without an ONNX model: it gives out what its last kernel makes. The commitment checks the ranges
 * of its inputs, so that the kernels read integers that are bounded whatever a prover puts on the wires.
 */
export function smallProgram(
  name: string,
  inputs: Readonly<Record<string, Pick<CodecTensor, "shape" | "bits" | "signed">>>,
  ...kernels: readonly KernelNode[]
): IntegerGraph {
  const program: IntegerGraph = {
    format: "tollgate-graph-1",
    name,
    source: { onnxSha256: "" },
    inputs: Object.entries(inputs).map(([input, codec]) => ({
      name: input,
      ...codec,
      scale: 1,
      range: { low: Number(lowest(codec)), high: Number(highest(codec)), source: "model" },
    })),
    kernels,
    outputs: [],
  };
  const from = kernels.at(-1)!.output;
  const result = intervalsOf(program).get(from)!;
  const output = {
    name: from,
    shape: [result.low.length],
    ...bitWidth(result),
    scale: 1,
    from,
    role: "values",
  } as const;
  return { ...program, outputs: [output] };
}
