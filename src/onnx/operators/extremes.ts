import type { Bounds } from "../../ir/graph.ts";
import { boundsOf, elementwiseType, operandsOf } from "./arithmetic.ts";
import { type Call, OPSETS, type Operand, type Operator, type StepBuilder } from "./operator.ts";
import { shapedValue, spread } from "./broadcast.ts";
import { broadcastIndices } from "./shapes.ts";

/** The greatest of any number of operands, element by element. */
export const max: Operator = extremeOf("Max", "max");

/** The least of any number of operands, element by element. */
export const min: Operator = extremeOf("Min", "min");

function extremeOf(name: string, which: "max" | "min"): Operator {
  return {
    name,
    opsets: OPSETS,
    arity: [1, 1024],
    attributes: [],
    infer: (call) => [elementwiseType(call, extremeBounds(call, which))],
    lower(call, builder) {
      const operands = operandsOf(call);
      const { shape } = elementwiseType(call);
      const [first] = operands;
      if (operands.length === 1) return [builder.valueOf(first)];
      return [reluOf(builder, which, operands, shape) ?? extreme(builder, which, operands, shape)];
    },
  };
}

/** The greater of a value and zero. */
function reluOf(
  builder: StepBuilder,
  which: "max" | "min",
  operands: readonly Operand[],
  shape: readonly number[],
): string | undefined {
  const computed = operands.filter(({ constant }) => constant === undefined);
  const constants = operands.flatMap(({ constant }) => constant?.data ?? []);
  if (which === "min" || computed.length !== 1 || constants.some((element) => element !== 0)) return undefined;
  return builder.relu(spread(builder, shapedValue(builder, computed[0]), shape));
}

function extreme(
  builder: StepBuilder,
  which: "max" | "min",
  operands: readonly Operand[],
  shape: readonly number[],
): string {
  const values = operands.map((operand) => builder.valueOf(operand));
  const starts = values.map((_, index) =>
    values.slice(0, index).reduce((sum, value) => sum + builder.sizeOf(value), 0),
  );
  const positions = operands.map((operand, index) =>
    broadcastIndices(operand.shape, shape).map((position) => starts[index] + position),
  );
  const windows = positions[0].map((_, element) => positions.map((list) => list[element]));
  return builder.extreme(which, values, windows);
}

function extremeBounds(call: Call, which: "max" | "min"): Bounds | undefined {
  const better = which === "max" ? Math.max : Math.min;
  const bounds = operandsOf(call).map(boundsOf);
  if (bounds.some((known) => known === undefined)) return undefined;
  const [lows, highs] = [0, 1].map((end) => bounds.map((known) => known![end]));
  return [Math.min(0, better(...lows)), Math.max(0, better(...highs))];
}
