import { elementCount } from "../../codec/codec.ts";
import {
  type Call,
  type Operator,
  OPSETS,
  type StepBuilder,
  integerAt,
  integerAttribute,
  nodeError,
  operandAt,
} from "./operator.ts";
import { upTo } from "./positions.ts";
import { type Rows, repeatedAlongRows, rowMaxima, rowMinima, rowSums, rowsAlong, tensorFromRows } from "./rows.ts";
import { normalAxis, transposeIndices } from "./shapes.ts";

/**
 * The `k` greatest (or least) elements along an axis in order, and their indices; of equal elements those with the lower
 * index come first.
 */
export const topK: Operator = {
  name: "TopK",
  opsets: OPSETS,
  arity: [1, 2],
  attributes: ["axis", "k", "largest", "sorted"],
  infer(call) {
    const { type, shape } = operandAt(call, 0);
    const [axis, k] = [axisOf(call), countOf(call)];
    if (k < 1 || k > shape[axis]) throw nodeError(call, `k is ${k}, want 1 to ${shape[axis]}`);
    const chosen = shape.with(axis, k);
    return [
      { type, shape: chosen },
      { type: "int64", shape: chosen, bounds: [0, shape[axis] - 1] },
    ];
  },
  products(call) {
    const { shape } = operandAt(call, 0);
    const [length, k] = [shape[axisOf(call)], countOf(call)];
    return elementCount(shape) * (comparesPairs(length, k) ? length : k);
  },
  lower(call, builder) {
    const operand = operandAt(call, 0);
    const [axis, k] = [axisOf(call), countOf(call)];
    const sign = integerAttribute(call, "largest", 1) === 0 ? -1 : 1;
    const value = builder.valueOf(operand);
    const signed = sign === 1 ? value : builder.scale(value, [-1], [0]);
    const rows = rowsAlong(builder, signed, operand.shape, [axis]);
    const { values, indices } = chosenOf(builder, rows, k, isRead(call, builder, 1));
    const shape = operand.shape.with(axis, k);
    const restored = sign === 1 ? values : builder.scale(values, [-1], [0]);
    return [restored, indices].map((chosen) => tensorFromRows(builder, chosen, shape, [axis]));
  },
};

const axisOf = (call: Call): number =>
  normalAxis(call, integerAttribute(call, "axis", -1), operandAt(call, 0).shape.length);

/** The attribute became an operand with opset 10. */
const countOf = (call: Call): number => (call.opset < 10 ? integerAttribute(call, "k", 0) : integerAt(call, 1, "K"));

function isRead(call: Call, builder: StepBuilder, output: number): boolean {
  const name = call.node.outputs[output];
  if (!name) return false;
  const { nodes, isOutput } = builder.usesOf(name);
  return isOutput || nodes.length > 0;
}

/** Rows of `k` greatest elements and of their indices. */
interface Chosen {
  readonly values: string;
  readonly indices: string;
}

/** Comparing every pair once is cheaper than `k` searches for the greatest where k is about half of the row or more. */
const comparesPairs = (length: number, k: number): boolean => length <= 2 * k + 2;

function chosenOf(builder: StepBuilder, rows: Rows, k: number, isIndexRead: boolean): Chosen {
  if (rows.length === 1) return { values: rows.value, indices: builder.constant(Array(rows.count).fill(0)) };
  if (k === 1) return greatest(builder, rows, isIndexRead);
  return comparesPairs(rows.length, k) ? byRank(builder, rows, k) : oneByOne(builder, rows, k);
}

/**
 * Compares every pair of a row once. The rank of an element is the number of those that come before it, so the ranks of a
 * row are 0, 1, … in some order.
 */
function byRank(builder: StepBuilder, rows: Rows, k: number): Chosen {
  const hits = builder.oneHot(ranksOf(builder, rows), rows.length);
  // Row by row, rank by rank: 1 at the element of that rank.
  const chosen = upTo(rows.count * k).map((place) => {
    const [row, rank] = [Math.floor(place / k), place % k];
    return upTo(rows.length).map((index) => (row * rows.length + index) * rows.length + rank);
  });
  const chosenHits = builder.arrange([hits], chosen.flat());
  return {
    values: elementsAt(builder, rows, k, chosenHits),
    indices: builder.dense(chosenHits, rows.count * k, [upTo(rows.length)], [0]),
  };
}

function ranksOf(builder: StepBuilder, { value, count, length }: Rows): string {
  const pairs = upTo(length).flatMap((first) =>
    upTo(length - 1 - first).map((more) => [first, first + 1 + more] as const),
  );
  const differences = builder.linear([value], {
    groups: 1,
    windows: upTo(count).flatMap((row) => pairs.map((pair) => pair.map((index) => row * length + index))),
    weights: [[1, -1]],
    bias: [0],
  });
  // 1 where the first of a pair comes before the second.
  const isBefore = builder.compare(differences, "nonNegative");
  const pairAt = new Map(pairs.map(([first, second], index) => [first * length + second, index]));
  const windowOf = (row: number, index: number) =>
    upTo(length)
      .filter((other) => other !== index)
      .map((other) => row * pairs.length + pairAt.get(Math.min(index, other) * length + Math.max(index, other))!);
  // An element's rank counts the pairs that it is the second of and loses, and those that it is the first of and loses.
  const ranks = builder.linear([isBefore], {
    groups: length,
    windows: upTo(length).flatMap((index) => upTo(count).map((row) => windowOf(row, index))),
    weights: upTo(length).map((index) => upTo(length - 1).map((other) => (other < index ? 1 : -1))),
    bias: upTo(length).map((index) => length - 1 - index),
  });
  return builder.arrange(
    [ranks],
    upTo(count * length).map((position) => (position % length) * count + Math.floor(position / length)),
  );
}

/**
 * Takes the greatest element of a row `k` times, each time putting a number below all others in its place. Where all
 * elements of a row are equal there is none, and the first element is taken again and again: the turn is its index then.
 */
function oneByOne(builder: StepBuilder, rows: Rows, k: number): Chosen {
  const [maxima, minima] = [rowMaxima(builder, rows), rowMinima(builder, rows)];
  const areEqual = builder.compare(builder.add(maxima, minima, [1, -1]), "zero");
  const below = repeatedAlongRows(builder, builder.add(minima, maxima, [2, -1]), rows.length);
  const turns: { readonly hits: string; readonly index: string }[] = [];
  let left = rows.value;
  for (const turn of upTo(k)) {
    const first = builder.argMax(left, rows.count);
    const hits = builder.oneHot(first, rows.length);
    turns.push({ hits, index: builder.add(first, areEqual, [1, turn]) });
    left = builder.select(hits, below, left);
  }
  const inTurn = (values: readonly string[], length: number) =>
    builder.arrange(values, transposeIndices([k, rows.count, length], [1, 0, 2]));
  const hits = inTurn(
    turns.map((turn) => turn.hits),
    rows.length,
  );
  const indices = inTurn(
    turns.map(({ index }) => index),
    1,
  );
  return { values: elementsAt(builder, rows, k, hits), indices };
}

/** The greatest element of each row; where its index is known, picking it out is cheaper than comparing once more. */
function greatest(builder: StepBuilder, rows: Rows, isIndexRead: boolean): Chosen {
  const indices = builder.argMax(rows.value, rows.count);
  if (!isIndexRead) return { values: rowMaxima(builder, rows), indices };
  return { values: elementsAt(builder, rows, 1, builder.oneHot(indices, rows.length)), indices };
}

/** Σ hit · element for `k` rows of hits for each row of elements. */
function elementsAt(builder: StepBuilder, { value, count, length }: Rows, k: number, hits: string): string {
  const repeated = upTo(count * k * length).map(
    (position) => Math.floor(position / (k * length)) * length + (position % length),
  );
  const products = builder.multiply(hits, builder.arrange([value], repeated));
  return rowSums(builder, { value: products, count: count * k, length });
}
