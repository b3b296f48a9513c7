import { decodeOutputs } from "../../src/ir/decodeOutputs.ts";
import type { IntegerGraph } from "../../src/ir/integerGraph.ts";

/** A line an output tensor: its real values at six significant digits. */
export const describeOutputs = (graph: IntegerGraph, integers: readonly (readonly bigint[])[]): string =>
  decodeOutputs(graph, integers)
    .map(({ name, values }) => `  ${name}: ${values.map((value) => Number(value.toPrecision(6))).join(", ")}`)
    .join("\n");
