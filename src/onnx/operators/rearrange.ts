import { elementCount } from "../../codec/codec.ts";
import { choiceOf } from "./choice.ts";
import {
  type Call,
  type Operator,
  OPSETS,
  integerAt,
  integerAttribute,
  integersAt,
  integersAttribute,
  nodeError,
  operandAt,
  typeWith,
} from "./operator.ts";
import { upTo } from "./positions.ts";
import { normalAxis, stridesOf, transposeIndices } from "./shapes.ts";

/** Blocks of channels become blocks of pixels, the block's coordinates before (DCR) or after (CRD) the channel's. */
export const depthToSpace: Operator = moving("DepthToSpace", OPSETS.from, [1, 1], ["blocksize", "mode"], (call) => {
  const [batch, depth, height, width] = imageOf(call);
  const block = blockOf(call);
  const channels = depth / block ** 2;
  if (!Number.isInteger(channels))
    throw nodeError(call, `${depth} channels are no multiple of the ${block ** 2} pixels of a block`);
  const isDepthFirst = choiceOf(call, "mode", "DCR", ["DCR", "CRD"]) === "DCR";
  return {
    shape: [batch, channels, height * block, width * block],
    indices: () =>
      isDepthFirst
        ? transposeIndices([batch, block, block, channels, height, width], [0, 3, 4, 1, 5, 2])
        : transposeIndices([batch, channels, block, block, height, width], [0, 1, 4, 2, 5, 3]),
  };
});

/** Blocks of pixels become blocks of channels. */
export const spaceToDepth: Operator = moving("SpaceToDepth", OPSETS.from, [1, 1], ["blocksize"], (call) => {
  const [batch, channels, height, width] = imageOf(call);
  const block = blockOf(call);
  const [rows, columns] = [height / block, width / block];
  if (!Number.isInteger(rows) || !Number.isInteger(columns))
    throw nodeError(call, `${height}×${width} pixels do not divide into blocks of ${block}×${block}`);
  return {
    shape: [batch, channels * block ** 2, rows, columns],
    indices: () => transposeIndices([batch, channels, rows, block, columns, block], [0, 3, 5, 1, 2, 4]),
  };
});

/** The first elements along `time_axis` in reverse order, as many as a constant says for each place of `batch_axis`. */
export const reverseSequence: Operator = moving("ReverseSequence", 10, [2, 2], ["batch_axis", "time_axis"], (call) => {
  const { shape } = operandAt(call, 0);
  const batchAxis = normalAxis(call, integerAttribute(call, "batch_axis", 1), shape.length);
  const timeAxis = normalAxis(call, integerAttribute(call, "time_axis", 0), shape.length);
  const lengths = integersAt(call, 1, "sequence_lens");
  if (lengths.length !== shape[batchAxis] || lengths.some((length) => length < 0 || length > shape[timeAxis]))
    throw nodeError(call, `sequence_lens ${lengths.join(", ")} do not fit the shape ${shape.join("×")}`);
  const strides = stridesOf(shape);
  const coordinate = (position: number, axis: number) => Math.floor(position / strides[axis]) % shape[axis];
  const sourceOf = (position: number) => {
    const [time, length] = [coordinate(position, timeAxis), lengths[coordinate(position, batchAxis)]];
    return time < length ? position + (length - 1 - 2 * time) * strides[timeAxis] : position;
  };
  return { shape, indices: () => upTo(elementCount(shape)).map(sourceOf) };
});

/** The upper or lower triangle of the last two axes, from the diagonal `k` on; the rest is 0. */
export const trilu: Operator = moving("Trilu", 14, [1, 2], ["upper"], (call) => {
  const { shape } = operandAt(call, 0);
  if (shape.length < 2) throw nodeError(call, `its operand has ${shape.length} dimensions, want at least 2`);
  const diagonal = call.operands[1] === undefined ? 0 : integerAt(call, 1, "k");
  const isUpper = integerAttribute(call, "upper", 1) !== 0;
  const [rows, columns] = shape.slice(-2);
  const sourceOf = (position: number) => {
    const above = (position % columns) - (Math.floor(position / columns) % rows) - diagonal;
    return (isUpper ? above >= 0 : above <= 0) ? position : ZERO;
  };
  return { shape, indices: () => upTo(elementCount(shape)).map(sourceOf) };
});

/** The middle of each axis cut out or padded with zeros, so that the axes get the sizes of a constant. */
export const centerCropPad: Operator = moving("CenterCropPad", 18, [2, 2], ["axes"], (call) => {
  const { shape } = operandAt(call, 0);
  const sizes = integersAt(call, 1, "shape");
  const axes = (integersAttribute(call, "axes") ?? upTo(shape.length)).map((axis) =>
    normalAxis(call, axis, shape.length),
  );
  if (axes.length !== sizes.length) throw nodeError(call, `got ${sizes.length} sizes for ${axes.length} axes`);
  const target = shape.map((size, axis) => (axes.includes(axis) ? sizes[axes.indexOf(axis)] : size));
  // Where sizes differ by an odd number, the longer part is cut off or padded at the end.
  const starts = shape.map((size, axis) =>
    target[axis] > size ? -Math.floor((target[axis] - size) / 2) : Math.floor((size - target[axis]) / 2),
  );
  return { shape: target, indices: () => shiftedPositions(shape, target, starts) };
});

/** For each coordinate of `target` the position of the one further on by `starts` in `shape`, ZERO outside. */
function shiftedPositions(shape: readonly number[], target: readonly number[], starts: readonly number[]): number[] {
  const [from, to] = [stridesOf(shape), stridesOf(target)];
  return upTo(elementCount(target)).map((position) => {
    const coordinates = shape.map((_, axis) => (Math.floor(position / to[axis]) % target[axis]) + starts[axis]);
    const isInside = coordinates.every((coordinate, axis) => coordinate >= 0 && coordinate < shape[axis]);
    return isInside ? coordinates.reduce((sum, coordinate, axis) => sum + coordinate * from[axis], 0) : ZERO;
  });
}

/** Shape of the result, and the position of each of its elements in the operand. */
interface Move {
  readonly shape: readonly number[];
  readonly indices: () => readonly number[];
}

/** Stands for a zero among positions. */
const ZERO = -1;

/** An operator whose result holds elements of its first operand and zeros. */
function moving(
  name: string,
  since: number,
  arity: readonly [least: number, most: number],
  attributes: readonly string[],
  move: (call: Call) => Move,
): Operator {
  return {
    name,
    opsets: { from: since, to: OPSETS.to },
    arity,
    attributes,
    infer: (call) => [typeWith(operandAt(call, 0), move(call).shape)],
    lower(call, builder) {
      const indices = move(call).indices();
      const value = builder.valueOf(operandAt(call, 0));
      if (!indices.includes(ZERO)) return [builder.arrange([value], indices)];
      const zero = builder.sizeOf(value);
      const withZero = indices.map((index) => (index === ZERO ? zero : index));
      return [builder.arrange([value, builder.constant([0])], withZero)];
    },
  };
}

function imageOf(call: Call): readonly number[] {
  const { shape } = operandAt(call, 0);
  if (shape.length === 4) return shape;
  throw nodeError(call, `its operand has ${shape.length} dimensions, want 4`);
}

function blockOf(call: Call): number {
  const block = integerAttribute(call, "blocksize", 0);
  if (block >= 1) return block;
  throw nodeError(call, `attribute blocksize is ${block}, want at least 1`);
}
