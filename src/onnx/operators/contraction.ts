import { elementCount } from "../../codec/codec.ts";
import type { StepBuilder } from "./operator.ts";
import { upTo } from "./positions.ts";
import { rowSums } from "./rows.ts";
import { gatherIndices, stridesOf } from "./shapes.ts";

/** A tensor whose axes have labels, as in Einstein's notation: neighbours along a label are `strides` apart. */
export interface Labelled {
  readonly strides: ReadonlyMap<string, number>;
  /** The elements where they are constant, else the program's value. */
  readonly elements: readonly number[] | string;
}

/** The size of each label. */
export type Sizes = ReadonlyMap<string, number>;

/** Products of the elements at equal coordinates, summed over every label that is not in `kept`. */
export function contracted(
  builder: StepBuilder,
  left: Labelled,
  right: Labelled,
  sizes: Sizes,
  kept: ReadonlySet<string>,
): Labelled {
  if (typeof left.elements !== "string" && typeof right.elements === "string")
    return contracted(builder, right, left, sizes, kept);
  const value = typeof left.elements === "string" ? left.elements : builder.constant(left.elements);
  const one = { ...left, value };
  return typeof right.elements === "string"
    ? timesComputed(builder, one, { ...right, value: right.elements }, sizes, kept)
    : timesConstant(builder, one, { ...right, data: right.elements }, sizes, kept);
}

/** A tensor with its axes in the order of `labels`, summed over the others. */
export function reduced(builder: StepBuilder, tensor: Labelled, sizes: Sizes, labels: readonly string[]): string {
  const value = typeof tensor.elements === "string" ? tensor.elements : builder.constant(tensor.elements);
  const others = [...tensor.strides.keys()].filter((label) => !labels.includes(label));
  const arranged = builder.arrange([value], positionsOf(tensor, sizes, [...labels, ...others]));
  const [count, length] = [labels, others].map((list) => elementCount(list.map((label) => sizes.get(label)!)));
  return others.length === 0 ? arranged : rowSums(builder, { value: arranged, count, length });
}

type Computed = Pick<Labelled, "strides"> & { readonly value: string };
type Constant = Pick<Labelled, "strides"> & { readonly data: readonly number[] };

function timesConstant(
  builder: StepBuilder,
  left: Computed,
  right: Constant,
  sizes: Sizes,
  kept: ReadonlySet<string>,
): Labelled {
  const { shared, ofLeft, ofRight, summed } = rolesOf(left, right, kept);
  const [groups, length] = [shared, summed].map((labels) => elementCount(labels.map((label) => sizes.get(label)!)));
  const weights = positionsOf(right, sizes, [...shared, ...ofRight, ...summed]).map((position) => right.data[position]);
  const rows = chunks(weights, length);
  const sums = builder.linear([left.value], {
    groups,
    windows: chunks(positionsOf(left, sizes, [...shared, ...ofLeft, ...summed]), length),
    weights: rows,
    bias: rows.map(() => 0),
  });
  return labelled(sums, sizes, [...shared, ...ofRight, ...ofLeft]);
}

function timesComputed(
  builder: StepBuilder,
  left: Computed,
  right: Computed,
  sizes: Sizes,
  kept: ReadonlySet<string>,
): Labelled {
  const [one, other] = [summedAlone(builder, left, right, sizes, kept), summedAlone(builder, right, left, sizes, kept)];
  const { shared, ofLeft, ofRight, summed } = rolesOf(one, other, kept);
  const outer = [...shared, ...ofLeft, ...ofRight];
  const factorOf = (tensor: Computed) =>
    builder.arrange([tensor.value], positionsOf(tensor, sizes, [...outer, ...summed]));
  const value = builder.multiply(factorOf(one), factorOf(other));
  const length = elementCount(summed.map((label) => sizes.get(label)!));
  const sums = length === 1 ? value : rowSums(builder, { value, length, count: builder.sizeOf(value) / length });
  return labelled(sums, sizes, outer);
}

/** The tensor without the labels that neither the other tensor nor the result has: summing first saves products. */
function summedAlone(
  builder: StepBuilder,
  tensor: Computed,
  other: Pick<Labelled, "strides">,
  sizes: Sizes,
  kept: ReadonlySet<string>,
): Computed {
  const labels = [...tensor.strides.keys()];
  const remaining = labels.filter((label) => kept.has(label) || other.strides.has(label));
  if (remaining.length === labels.length) return tensor;
  const value = reduced(builder, { ...tensor, elements: tensor.value }, sizes, remaining);
  return { ...labelled(value, sizes, remaining), value };
}

/** Labels by the part that they play in a product. */
function rolesOf(left: Pick<Labelled, "strides">, right: Pick<Labelled, "strides">, kept: ReadonlySet<string>) {
  const all = [...new Set([...left.strides.keys(), ...right.strides.keys()])];
  return {
    shared: all.filter((label) => kept.has(label) && left.strides.has(label) && right.strides.has(label)),
    ofLeft: all.filter((label) => kept.has(label) && !right.strides.has(label)),
    ofRight: all.filter((label) => kept.has(label) && !left.strides.has(label)),
    summed: all.filter((label) => !kept.has(label)),
  };
}

/** Positions of a tensor's elements over all coordinates of `labels`; those that it lacks repeat it. */
const positionsOf = ({ strides }: Pick<Labelled, "strides">, sizes: Sizes, labels: readonly string[]): number[] =>
  gatherIndices(
    labels.map((label) => sizes.get(label)!),
    labels.map((label) => strides.get(label) ?? 0),
  );

function labelled(value: string, sizes: Sizes, labels: readonly string[]): Labelled {
  const strides = stridesOf(labels.map((label) => sizes.get(label)!));
  return { elements: value, strides: new Map(labels.map((label, axis) => [label, strides[axis]])) };
}

const chunks = (list: readonly number[], length: number): number[][] =>
  upTo(list.length / length).map((index) => list.slice(index * length, (index + 1) * length));
