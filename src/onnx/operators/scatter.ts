import { elementCount } from "../../codec/codec.ts";
import { choiceOf } from "./choice.ts";
import { computedPositions, constantPositions, indicesAt } from "./indices.ts";
import { laneAxis, lanesOf, requireLanes } from "./lanes.ts";
import { type Call, OPSETS, type Operator, type StepBuilder, nodeError, operandAt, typeWith } from "./operator.ts";
import { groupedBy, upTo } from "./positions.ts";

type Reduction = "none" | "add" | "mul" | "max" | "min";

/**
 * Where updates go: each lane of the data takes `tuples.length / lanes` updates in turn, the place within the lane given
 * by a tuple of indices. Place v of a lane is position starts[lane] + v · stride of the data.
 */
interface Writes {
  readonly starts: readonly number[];
  readonly stride: number;
  /** For each lane in turn, the tuples of its updates. */
  readonly tuples: readonly number[];
  /** For each of `tuples`, the position of the update. */
  readonly updates: readonly number[];
}

/** An operator that replaces elements of its first operand by updates, or reduces them, at tuples of indices. */
interface Scattering extends Pick<Operator, "name" | "attributes" | "opsets"> {
  readonly check: (call: Call) => void;
  readonly sizesOf: (call: Call) => readonly number[];
  readonly writesOf: (call: Call) => Writes;
}

const elements: Omit<Scattering, "name" | "attributes" | "opsets"> = {
  check(call) {
    requireLanes(call);
    requireUpdates(call, operandAt(call, 1).shape);
  },
  sizesOf: (call) => [operandAt(call, 0).shape[laneAxis(call)]],
  writesOf(call) {
    const { starts, stride, tuples } = lanesOf(call);
    return { starts, stride, tuples, updates: tuples };
  },
};

/** Updates go where a tensor of indices along `axis` says. */
export const scatterElements: Operator = scattering({
  ...elements,
  name: "ScatterElements",
  opsets: { from: 11, to: OPSETS.to },
  attributes: ["axis", "reduction"],
});

/** What ScatterElements was called before. */
export const scatter: Operator = scattering({
  ...elements,
  name: "Scatter",
  opsets: { from: 9, to: 10 },
  attributes: ["axis"],
});

/** Slices of updates go where tuples of indices say. */
export const scatterNd: Operator = scattering({
  name: "ScatterND",
  opsets: { from: 11, to: OPSETS.to },
  attributes: ["reduction"],
  check(call) {
    const [{ shape }, indices] = [operandAt(call, 0), operandAt(call, 1).shape];
    const named = indices.at(-1) ?? 0;
    if (named === 0 || named > shape.length)
      throw nodeError(call, `indices ${indices.join("×")} do not fit into ${shape.join("×")}`);
    requireUpdates(call, [...indices.slice(0, -1), ...shape.slice(named)]);
  },
  sizesOf: (call) => operandAt(call, 0).shape.slice(0, operandAt(call, 1).shape.at(-1)),
  writesOf(call) {
    const [{ shape }, indices] = [operandAt(call, 0), operandAt(call, 1).shape];
    const width = elementCount(shape.slice(indices.at(-1)));
    const count = elementCount(indices.slice(0, -1));
    const tuples = upTo(width * count).map((write) => write % count);
    const updates = tuples.map((tuple, write) => tuple * width + Math.floor(write / count));
    return { starts: upTo(width), stride: width, tuples, updates };
  },
});

function scattering({ name, opsets, attributes, check, sizesOf, writesOf }: Scattering): Operator {
  return {
    name,
    opsets,
    arity: [3, 3],
    attributes,
    infer(call) {
      indicesAt(call, 1);
      check(call);
      const reduction = reductionOf(call);
      if (operandAt(call, 1).constant === undefined && !["none", "add"].includes(reduction))
        throw nodeError(call, `attribute reduction ${reduction} needs constant indices; supported: none, add`);
      const { type, shape } = operandAt(call, 0);
      return [reduction === "none" ? typeWith(operandAt(call, 0), shape) : { type, shape }];
    },
    /** Computed indices meet every place; constant ones, as many updates as the most that meet in one place. */
    products(call) {
      const [data, indices, updates] = [0, 1, 2].map((index) => operandAt(call, index));
      if (indices.constant === undefined) return elementCount(updates.shape) * elementCount(sizesOf(call));
      const targets = targetsOf(writesOf(call), constantPositions(call, indices.constant.data, sizesOf(call)));
      const meeting = groupedBy(targets.length, (write) => targets[write]).values();
      return reductionOf(call) === "none" ? 0 : elementCount(data.shape) * longest([...meeting]);
    },
    lower(call, builder) {
      const [data, indices, updates] = [0, 1, 2].map((index) => operandAt(call, index));
      const values = [builder.valueOf(data), builder.valueOf(updates)] as const;
      const [sizes, writes] = [sizesOf(call), writesOf(call)];
      if (indices.constant !== undefined) {
        const places = constantPositions(call, indices.constant.data, sizes);
        return [atConstants(builder, values, writes, places, reductionOf(call))];
      }
      const length = elementCount(sizes);
      const hits = builder.oneHot(computedPositions(builder, indices, sizes), length);
      return [atComputed(builder, values, writes, hits, length, reductionOf(call))];
    },
  };
}

type DataAndUpdates = readonly [data: string, updates: string];

const reductionOf = (call: Call): Reduction =>
  choiceOf<Reduction>(
    call,
    "reduction",
    "none",
    call.opset < 18 ? ["none", "add", "mul"] : ["none", "add", "mul", "max", "min"],
  );

/** The position in the data that each update goes to, `places` being what the tuples name. */
function targetsOf({ starts, stride, tuples }: Writes, places: readonly number[]): number[] {
  const perLane = tuples.length / starts.length;
  return tuples.map((tuple, write) => starts[Math.floor(write / perLane)] + places[tuple] * stride);
}

/** Updates at places known beforehand: each element of the data meets a list of updates, mostly none. */
function atConstants(
  builder: StepBuilder,
  values: DataAndUpdates,
  writes: Writes,
  places: readonly number[],
  reduction: Reduction,
): string {
  const size = builder.sizeOf(values[0]);
  const targets = targetsOf(writes, places);
  const writesTo = groupedBy(targets.length, (write) => targets[write]);
  const lists = upTo(size).map((position) =>
    (writesTo.get(position) ?? []).map((write) => size + writes.updates[write]),
  );
  switch (reduction) {
    case "none":
      return builder.arrange(
        values,
        lists.map((list, position) => list.at(-1) ?? position),
      );
    case "add":
      return summed(builder, values, lists);
    case "mul":
      return multiplied(builder, values, lists);
    default:
      return builder.extreme(
        reduction,
        values,
        lists.map((list, position) => [position, ...list]),
      );
  }
}

type Lists = readonly (readonly number[])[];

const longest = (lists: Lists): number => lists.reduce((most, { length }) => Math.max(most, length), 0);

function summed(builder: StepBuilder, values: DataAndUpdates, lists: Lists): string {
  const length = longest(lists);
  return builder.linear(values, {
    groups: 1,
    windows: lists.map((list, position) => [position, ...list, ...Array<number>(length - list.length).fill(-1)]),
    weights: [Array(length + 1).fill(1)],
    bias: [0],
  });
}

/** Multiplies by the first update of each list, then by the second, and so on. */
function multiplied(builder: StepBuilder, values: DataAndUpdates, lists: Lists): string {
  let product = values[0];
  for (const turn of upTo(longest(lists))) {
    const targets = upTo(lists.length).filter((position) => turn < lists[position].length);
    const factors = builder.arrange(
      values,
      targets.map((position) => lists[position][turn]),
    );
    const products = builder.multiply(builder.arrange([product], targets), factors);
    product = replaced(builder, product, targets, products);
  }
  return product;
}

/** Updates at computed places; `hits` holds a row of `length` for each tuple, 1 at the place in the lane that it names. */
function atComputed(
  builder: StepBuilder,
  [data, updates]: DataAndUpdates,
  writes: Writes,
  hits: string,
  length: number,
  reduction: Reduction,
): string {
  const { starts, stride, tuples } = writes;
  const perLane = tuples.length / starts.length;
  const positions = starts.flatMap((start) => upTo(length).map((place) => start + place * stride));
  const before = builder.arrange([data], positions);
  /** For each place of each lane, what update `turn` of the lane is and whether it goes there. */
  const updateOf = (turn: number) => {
    const write = (index: number) => Math.floor(index / length) * perLane + turn;
    const isHit = positions.map((_, index) => tuples[write(index)] * length + (index % length));
    const update = positions.map((_, index) => writes.updates[write(index)]);
    return [builder.arrange([hits], isHit), builder.arrange([updates], update)] as const;
  };
  const after =
    reduction === "add"
      ? builder.linear([before, ...upTo(perLane).map((turn) => builder.multiply(...updateOf(turn)))], {
          groups: 1,
          windows: upTo(positions.length).map((index) =>
            upTo(perLane + 1).map((term) => term * positions.length + index),
          ),
          weights: [Array(perLane + 1).fill(1)],
          bias: [0],
        })
      : upTo(perLane).reduce((value, turn) => builder.select(...updateOf(turn), value), before);
  return replaced(builder, data, positions, after);
}

/** The value with the elements at `positions` replaced by those of another, in order. */
function replaced(builder: StepBuilder, value: string, positions: readonly number[], by: string): string {
  const order = upTo(builder.sizeOf(value));
  positions.forEach((position, index) => (order[position] = order.length + index));
  return builder.arrange([value, by], order);
}

function requireUpdates(call: Call, shape: readonly number[]): void {
  const updates = operandAt(call, 2).shape;
  if (String(updates) === String(shape)) return;
  throw nodeError(call, `updates are of shape ${updates.join("×")}, want ${shape.join("×")}`);
}
