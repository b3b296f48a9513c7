import type { IntegerGraph } from "../ir/integerGraph.ts";
import { operandsOf } from "./interpret.ts";
import { FIELD, type Guarantees, type Interval, unbounded } from "./kernel.ts";
import { kernelOf } from "./kernelOf.ts";

/**
 * Bounds of every kernel's operands and result, in the program's order, that hold for each assignment of the circuit's
 * wires that satisfies its constraints but the packed rows. `intervals` are the proven intervals by value name.
 *
 * Backwards: what the readers of a value force on it, all readers together. Forwards: that, and what the constraints of
 * the kernel that makes it force. Neither looks at a packed row, so that these may be decided from the result (ADR-0005).
 */
export function guaranteesOf(graph: IntegerGraph, intervals: ReadonlyMap<string, Interval>): Guarantees[] {
  const forced = forcedByReaders(graph, intervals);
  // Input elements are range-checked by the input commitment.
  const known = new Map(graph.inputs.map(({ name }) => [name, meet(intervals.get(name)!, forced.get(name)!)]));
  const wires = wiresOf(graph, intervals);
  return graph.kernels.map((node) => {
    const operands = operandsOf(node, known);
    const result = forced.get(node.output)!;
    const made = kernelOf(node).boundResult(node, operandsOf(node, intervals), operands, result);
    known.set(node.output, meet(made, result));
    return { operands, result, wires: operandsOf(node, wires) };
  });
}

/** What the kernels that read each value force on it. */
function forcedByReaders(graph: IntegerGraph, intervals: ReadonlyMap<string, Interval>): Map<string, Interval> {
  const forced = new Map([...intervals].map(([name, { low }]): [string, Interval] => [name, unbounded(low.length)]));
  for (const node of [...graph.kernels].reverse()) {
    const kernel = kernelOf(node);
    const bounds = kernel.boundOperands(node, operandsOf(node, intervals), forced.get(node.output)!);
    for (const [index, name] of kernel.operands(node).entries())
      forced.set(name, meet(bounds[index], forced.get(name)!));
  }
  return forced;
}

/** A number for each element of each value; those that the compiler merges into one wire have the same. */
function wiresOf(graph: IntegerGraph, intervals: ReadonlyMap<string, Interval>): Map<string, readonly number[]> {
  let next = 0;
  const wires = new Map<string, readonly number[]>();
  for (const { name } of graph.inputs)
    wires.set(
      name,
      intervals.get(name)!.low.map(() => next++),
    );
  for (const node of graph.kernels) {
    const copies = kernelOf(node).copies?.(node, operandsOf(node, intervals));
    const sources = copies === undefined ? [] : operandsOf(node, wires).flat();
    wires.set(
      node.output,
      intervals.get(node.output)!.low.map((_, index) => sources[copies?.[index] ?? -1] ?? next++),
    );
  }
  return wires;
}

/** Both bounds at once; those of `left` beyond ±FIELD are none, as those of `right` already are. */
function meet(left: Interval, right: Interval): Interval {
  const isBound = left.low.map((low, index) => low >= -FIELD && left.high[index] <= FIELD);
  return {
    low: right.low.map((low, index) => (isBound[index] && left.low[index] > low ? left.low[index] : low)),
    high: right.high.map((high, index) => (isBound[index] && left.high[index] < high ? left.high[index] : high)),
  };
}
