import type { GraphNode } from "../../ir/graph.ts";
import type { RealFunction } from "../../ir/realGraph.ts";
import { sigmoid, softplus } from "./functions.ts";
import { maskedSoftmax } from "./maskedSoftmax.ts";
import { type Call, type Operator, OPSETS, type StepBuilder, integerAttribute, operandAt } from "./operator.ts";
import { upTo } from "./positions.ts";
import { type Rows, addToRows, repeatedAlongRows, rowMaxima, rowSums, rowsAlong, tensorFromRows } from "./rows.ts";
import { normalAxis, transposeIndices } from "./shapes.ts";

/** e^x over the sum of e^x along the axis. */
export const softmax = alongAxis("Softmax", true, softmaxOf);

/** The logarithm of Softmax. */
export const logSoftmax = alongAxis("LogSoftmax", true, logSoftmaxOf);

/** 1 at the first greatest element along the axis, 0 elsewhere. */
export const hardmax = alongAxis("Hardmax", false, (builder, { value, count, length }) =>
  builder.oneHot(builder.argMax(value, count), length),
);

/**
 * An operator on rows along `axis`; before opset 13 rows run along all axes from `axis` on. Where the result only keeps
 * the order of each row and nothing but an ArgMax along the same axis reads it, that may read the operand instead.
 */
function alongAxis(
  name: string,
  keepsOrder: boolean,
  lowerRows: (builder: StepBuilder, rows: Rows) => string,
): Operator {
  return {
    name,
    opsets: OPSETS,
    arity: [1, 1],
    attributes: ["axis"],
    infer(call) {
      const { type, shape } = operandAt(call, 0);
      axesOf(call);
      return [{ type, shape }];
    },
    lower(call, builder) {
      const operand = operandAt(call, 0);
      const [value, axes] = [builder.valueOf(operand), axesOf(call)];
      if (keepsOrder && isReadByArgMaxOnly(call, builder, axes)) return [value];
      const rows = rowsAlong(builder, value, operand.shape, axes);
      return [tensorFromRows(builder, lowerRows(builder, rows), operand.shape, axes)];
    },
  };
}

function axesOf(call: Call): number[] {
  const rank = operandAt(call, 0).shape.length;
  const flattens = call.opset < 13;
  const axis = normalAxis(call, integerAttribute(call, "axis", flattens ? 1 : -1), rank);
  return flattens ? Array.from({ length: rank - axis }, (_, index) => axis + index) : [axis];
}

function isReadByArgMaxOnly(call: Call, builder: StepBuilder, axes: readonly number[]): boolean {
  const { shape } = operandAt(call, 0);
  const { nodes, isOutput } = builder.usesOf(call.node.outputs[0]);
  const isAlongAxis = (node: GraphNode) => {
    const axis = normalAxis({ ...call, node }, integerAttribute({ ...call, node }, "axis", 0), shape.length);
    return axes.every((other) => other === axis || shape[other] === 1) && axes.includes(axis);
  };
  return !isOutput && nodes.every((node) => node.operator === "ArgMax" && isAlongAxis(node));
}

/** Arguments are at most 0; saying so keeps the bounds of the result known. */
const expOfNegative: RealFunction = {
  name: "exp(min(x, 0))",
  apply: (x) => Math.exp(Math.min(x, 0)),
  isMonotone: true,
};

/** Arguments are at least 1, the greatest of the terms that they are the sum of. */
const logFromOne: RealFunction = { name: "log(max(x, 1))", apply: (x) => Math.log(Math.max(x, 1)), isMonotone: true };

/** Softmax of each row. */
export function softmaxOf(builder: StepBuilder, rows: Rows): string {
  const masked = builder.maskedElements(rows.value);
  if (masked.includes(true)) return maskedSoftmax(builder, rows, masked, expOfNegative);
  if (rows.length === 2) return softmaxOfPairs(builder, rows);
  const powers = builder.apply(belowMaximum(builder, rows), expOfNegative);
  return builder.divide(powers, rowSums(builder, { ...rows, value: powers }));
}

function logSoftmaxOf(builder: StepBuilder, rows: Rows): string {
  if (rows.length === 2) return logSoftmaxOfPairs(builder, rows);
  const below = belowMaximum(builder, rows);
  return addToRows(builder, { ...rows, value: below }, logOfPowerSums(builder, { ...rows, value: below }), [1, -1]);
}

/** log Σ e^x of each row. */
export const logSumExpOf = (builder: StepBuilder, rows: Rows): string =>
  builder.add(
    rowMaxima(builder, rows),
    logOfPowerSums(builder, { ...rows, value: belowMaximum(builder, rows) }),
    [1, 1],
  );

/** log Σ e^x of rows whose greatest element is 0. */
const logOfPowerSums = (builder: StepBuilder, rows: Rows): string =>
  builder.apply(rowSums(builder, { ...rows, value: builder.apply(rows.value, expOfNegative) }), logFromOne);

/** Each element less the greatest of its row. */
const belowMaximum = (builder: StepBuilder, rows: Rows): string =>
  addToRows(builder, rows, rowMaxima(builder, rows), [1, -1]);

/** Of two numbers the first gets s = sigmoid(first − second), the second 1 − s. */
function softmaxOfPairs(builder: StepBuilder, rows: Rows): string {
  const first = builder.apply(pairSums(builder, rows, [1, -1]), sigmoid);
  return builder.scale(repeatedAlongRows(builder, first, 2), [1, -1], [0, 1]);
}

/** With d = second − first the first gets −softplus(d), the second d − softplus(d). */
function logSoftmaxOfPairs(builder: StepBuilder, rows: Rows): string {
  const difference = pairSums(builder, rows, [-1, 1]);
  const both = builder.linear([difference, builder.apply(difference, softplus)], {
    groups: 1,
    windows: upTo(rows.count).map((row) => [row, rows.count + row]),
    weights: [
      [0, -1],
      [1, -1],
    ],
    bias: [0, 0],
  });
  return builder.arrange([both], transposeIndices([2, rows.count], [1, 0]));
}

const pairSums = (builder: StepBuilder, { value, count }: Rows, weights: readonly [number, number]): string =>
  builder.dense(value, count, [weights], [0]);
