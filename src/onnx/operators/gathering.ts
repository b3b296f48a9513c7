import { elementCount } from "../../codec/codec.ts";
import { computedPositions, constantPositions, indicesAt } from "./indices.ts";
import { laneAxis, lanesOf, requireLanes } from "./lanes.ts";
import {
  type Call,
  OPSETS,
  type Operand,
  type Operator,
  type StepBuilder,
  integerAttribute,
  nodeError,
  operandAt,
  typeWith,
} from "./operator.ts";
import { inverseOf, upTo } from "./positions.ts";
import { rowSums } from "./rows.ts";
import { transposeIndices } from "./shapes.ts";

/**
 * Which elements of the data meet which indices: the columns of a block are looked up at each index of the block. Element
 * v of column c is data[starts[c] + v · stride]; results are numbered by block, column and index.
 */
interface Lookup {
  readonly blocks: number;
  /** Tuples, a block after another. */
  readonly tuples: readonly number[];
  /** Columns, a block after another. */
  readonly starts: readonly number[];
  readonly stride: number;
  /** For each element of the output its number among the results. */
  readonly order: readonly number[];
}

/** An operator that looks elements of its first operand up at the indices of its second. */
interface Gathering extends Pick<Operator, "name" | "attributes"> {
  /** Opset that brought the operator. */
  readonly since: number;
  readonly shapeOf: (call: Call) => readonly number[];
  /** Sizes that a tuple of indices counts in; an index alone is a tuple of one. */
  readonly sizesOf: (call: Call) => readonly number[];
  readonly lookupOf: (call: Call) => Lookup;
}

/** Slices of the operand along `axis`. */
export const gather: Operator = gathering({
  name: "Gather",
  since: OPSETS.from,
  attributes: ["axis"],
  shapeOf: (call) => operandAt(call, 0).shape.toSpliced(laneAxis(call), 1, ...operandAt(call, 1).shape),
  sizesOf: sizeOfAxis,
  lookupOf: lookupOfGather,
});

/** Elements of the operand, each at the index along `axis` that a second tensor holds for its place. */
export const gatherElements: Operator = gathering({
  name: "GatherElements",
  since: 11,
  attributes: ["axis"],
  shapeOf(call) {
    requireLanes(call);
    return operandAt(call, 1).shape;
  },
  sizesOf: sizeOfAxis,
  lookupOf: lookupOfGatherElements,
});

/** Slices of the operand at tuples of indices, within each of the first `batch_dims` axes' coordinates. */
export const gatherNd: Operator = gathering({
  name: "GatherND",
  since: 11,
  attributes: ["batch_dims"],
  shapeOf: (call) => [...operandAt(call, 1).shape.slice(0, -1), ...partsOf(call).slice],
  sizesOf: (call) => partsOf(call).sizes,
  lookupOf: lookupOfGatherNd,
});

function gathering({ name, since, attributes, shapeOf, sizesOf, lookupOf }: Gathering): Operator {
  return {
    name,
    opsets: { from: since, to: OPSETS.to },
    arity: [2, 2],
    attributes,
    infer(call) {
      indicesAt(call, 1);
      if (elementCount(sizesOf(call)) === 0) throw nodeError(call, "there are no elements to choose from");
      return [typeWith(operandAt(call, 0), shapeOf(call))];
    },
    /** A computed index meets every element that it can name. */
    products: (call) =>
      operandAt(call, 1).constant === undefined ? elementCount(shapeOf(call)) * elementCount(sizesOf(call)) : 0,
    lower(call, builder) {
      const [data, indices] = [operandAt(call, 0), operandAt(call, 1)];
      const [sizes, lookup] = [sizesOf(call), lookupOf(call)];
      if (indices.constant === undefined) {
        const hits = builder.oneHot(computedPositions(builder, indices, sizes), elementCount(sizes));
        return [builder.arrange([lookedUp(builder, data, hits, lookup)], lookup.order)];
      }
      const places = constantPositions(call, indices.constant.data, sizes);
      const positions = numbered(lookup, (tuple, start) => start + places[tuple] * lookup.stride);
      return [
        builder.arrange(
          [builder.valueOf(data)],
          lookup.order.map((result) => positions[result]),
        ),
      ];
    },
  };
}

/** What `each` makes of the tuple and the start of each result, in the order of the results. */
const numbered = <Item>({ blocks, tuples, starts }: Lookup, each: (tuple: number, start: number) => Item): Item[] => {
  const [tupleCount, columnCount] = [tuples.length / blocks, starts.length / blocks];
  return starts.flatMap((start, column) => {
    const first = Math.floor(column / columnCount) * tupleCount;
    return upTo(tupleCount).map((index) => each(tuples[first + index], start));
  });
};

/** Σ hit · element of the column, for each result; `hits` holds a row for each tuple, 1 at the element that it names. */
function lookedUp(builder: StepBuilder, data: Operand, hits: string, lookup: Lookup): string {
  const { blocks, tuples, starts, stride } = lookup;
  const length = builder.sizeOf(hits) / tuples.length;
  const rowOf = (tuple: number) => upTo(length).map((index) => tuple * length + index);
  const columnAt = (start: number) => upTo(length).map((index) => start + index * stride);
  const { constant } = data;
  if (constant !== undefined) {
    const weights = starts.map((start) => columnAt(start).map((position) => constant.data[position]));
    return builder.linear([hits], { groups: blocks, windows: tuples.map(rowOf), weights, bias: starts.map(() => 0) });
  }
  const left = builder.arrange([hits], numbered(lookup, rowOf).flat());
  const right = builder.arrange([builder.valueOf(data)], numbered(lookup, (_, start) => columnAt(start)).flat());
  const products = builder.multiply(left, right);
  return rowSums(builder, { value: products, count: lookup.order.length, length });
}

function sizeOfAxis(call: Call): number[] {
  return [operandAt(call, 0).shape[laneAxis(call)]];
}

function lookupOfGather(call: Call): Lookup {
  const [{ shape }, indices, axis] = [operandAt(call, 0), operandAt(call, 1), laneAxis(call)];
  const [outer, inner, count] = [shape.slice(0, axis), shape.slice(axis + 1), indices.shape].map(elementCount);
  return {
    blocks: 1,
    tuples: upTo(count),
    starts: upTo(outer * inner).map((column) => Math.floor(column / inner) * shape[axis] * inner + (column % inner)),
    stride: inner,
    order: transposeIndices([outer, inner, count], [0, 2, 1]),
  };
}

function lookupOfGatherElements(call: Call): Lookup {
  const lanes = lanesOf(call);
  return { ...lanes, blocks: lanes.starts.length, order: inverseOf(lanes.tuples) };
}

function lookupOfGatherNd(call: Call): Lookup {
  const { batch, sizes, slice } = partsOf(call);
  const [blocks, length, width] = [batch, sizes, slice].map(elementCount);
  const count = elementCount(operandAt(call, 1).shape.slice(batch.length, -1));
  return {
    blocks,
    tuples: upTo(blocks * count),
    starts: upTo(blocks * width).map((column) => Math.floor(column / width) * length * width + (column % width)),
    stride: width,
    order: transposeIndices([blocks, width, count], [0, 2, 1]),
  };
}

/** The shape of GatherND's data: axes of the batch, axes that a tuple names, and the rest. */
function partsOf(call: Call) {
  const [{ shape }, indices] = [operandAt(call, 0), operandAt(call, 1).shape];
  const batchCount = integerAttribute(call, "batch_dims", 0);
  const named = batchCount + (indices.at(-1) ?? 0);
  const [batch, sizes, slice] = [shape.slice(0, batchCount), shape.slice(batchCount, named), shape.slice(named)];
  const isBatch =
    batchCount >= 0 && batchCount < indices.length && String(indices.slice(0, batchCount)) === String(batch);
  if (isBatch && sizes.length > 0 && named <= shape.length) return { batch, sizes, slice };
  throw nodeError(
    call,
    `indices ${indices.join("×")} do not fit into ${shape.join("×")} with attribute batch_dims ${batchCount}`,
  );
}
