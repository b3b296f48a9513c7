import { elementCount } from "../../codec/codec.ts";
import { checkedSize } from "../limits.ts";
import { choiceOf } from "./choice.ts";
import { type Call, integerAttribute, integersAttribute, nodeError, nodeLabel } from "./operator.ts";
import { upTo } from "./positions.ts";
import { stridesOf } from "./shapes.ts";

/** How a window slides along one axis. */
export interface SlidingAxis {
  /** Elements along the axis. */
  readonly size: number;
  /** Elements that the window reads along it, `dilation` apart. */
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before and after the elements. */
  readonly before: number;
  readonly after: number;
  /** Places of the window. */
  readonly places: number;
}

/** Stands for padding among positions. */
export const PADDING = -1;

/** The attributes of operators that slide a window. */
export const WINDOW_ATTRIBUTES = ["auto_pad", "dilations", "kernel_shape", "pads", "strides"] as const;

export const AUTO_PADS = ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"] as const;

/** What the attributes say of one axis. */
export type WindowForm = Pick<SlidingAxis, "kernel" | "stride" | "dilation" | "before" | "after">;

/** The windows that the attributes describe over axes of these sizes; pads are what the file says. */
export function windowForms(call: Call, kernel: readonly number[]): WindowForm[] {
  const rank = kernel.length;
  const given = integersAttribute(call, "kernel_shape");
  if (given !== undefined && String(given) !== String(kernel))
    throw nodeError(call, `kernel_shape ${given.join(", ")} is not that of the weights, ${kernel.join(", ")}`);
  const strides = listOf(call, "strides", rank, 1);
  const dilations = listOf(call, "dilations", rank, 1);
  const pads = listOf(call, "pads", 2 * rank, 0);
  const wrong = [...kernel, ...strides, ...dilations].find((value) => value < 1);
  if (wrong !== undefined) throw nodeError(call, `a kernel size, stride or dilation is ${wrong}, want at least 1`);
  if (pads.some((padding) => padding < 0)) throw nodeError(call, `pads ${pads.join(", ")} must not be negative`);
  return kernel.map((length, axis) => ({
    kernel: length,
    stride: strides[axis],
    dilation: dilations[axis],
    before: pads[axis],
    after: pads[rank + axis],
  }));
}

/** The windows of a convolution or a pool over axes of these sizes, padding and number of places settled. */
export function slidingAxes(call: Call, sizes: readonly number[], kernel: readonly number[]): SlidingAxis[] {
  const autoPad = choiceOf(call, "auto_pad", "NOTSET", AUTO_PADS);
  const isCeiled = integerAttribute(call, "ceil_mode", 0) !== 0;
  const axes = windowForms(call, kernel).map((form, axis) => settled(form, sizes[axis], autoPad, isCeiled));
  const wrong = axes.findIndex(({ places }) => places < 1);
  if (wrong !== -1) throw nodeError(call, `its window is larger than the ${sizes[wrong]} elements along an axis`);
  checkedSize(
    axes.map(({ places }) => places),
    nodeLabel(call.node),
  );
  return axes;
}

/** Elements that a window spans along an axis. */
export const spanOf = ({ kernel, dilation }: Pick<SlidingAxis, "kernel" | "dilation">): number =>
  (kernel - 1) * dilation + 1;

function settled(form: WindowForm, size: number, autoPad: (typeof AUTO_PADS)[number], isCeiled: boolean): SlidingAxis {
  const span = spanOf(form);
  if (autoPad === "SAME_UPPER" || autoPad === "SAME_LOWER") {
    const places = Math.ceil(size / form.stride);
    const padding = Math.max((places - 1) * form.stride + span - size, 0);
    const less = Math.floor(padding / 2);
    const before = autoPad === "SAME_UPPER" ? less : padding - less;
    return { ...form, size, before, after: padding - before, places };
  }
  const [before, after] = autoPad === "VALID" ? [0, 0] : [form.before, form.after];
  const steps = (size + before + after - span) / form.stride;
  const places = (isCeiled ? Math.ceil(steps) : Math.floor(steps)) + 1;
  // A last window that starts behind the elements and the padding before them has nothing of its own to read.
  const isBeyond = isCeiled && (places - 1) * form.stride >= size + before;
  return { ...form, size, before, after, places: isBeyond ? places - 1 : places };
}

/** For each place of a window along one axis, the coordinates that it reads, PADDING where it reads none. */
export const coordinatesAlong = ({ size, kernel, stride, dilation, before, places }: SlidingAxis): number[][] =>
  upTo(places).map((place) =>
    upTo(kernel).map((k) => {
      const coordinate = place * stride + k * dilation - before;
      return coordinate >= 0 && coordinate < size ? coordinate : PADDING;
    }),
  );

/**
 * For each place of a window over axes of these sizes, in row-major order, the positions that it reads, PADDING where it
 * reads none; `coordinates` says for each axis what the window reads along it at each of its places.
 */
export function windowPositions(
  sizes: readonly number[],
  coordinates: readonly (readonly (readonly number[])[])[],
): number[][] {
  const strides = stridesOf(sizes);
  return coordinates.reduce<number[][]>(
    (windows, along, axis) => windows.flatMap((window) => along.map((reads) => combined(window, reads, strides[axis]))),
    [[0]],
  );
}

/** Padding along one axis is padding. */
const combined = (window: readonly number[], reads: readonly number[], stride: number): number[] =>
  window.flatMap((start) =>
    reads.map((read) => (start === PADDING || read === PADDING ? PADDING : start + read * stride)),
  );

/** The same positions in a later block of as many elements. */
export const shiftedWindow = (window: readonly number[], start: number): number[] =>
  window.map((position) => (position === PADDING ? PADDING : start + position));

/** The number of places in all. */
export const placesOf = (axes: readonly SlidingAxis[]): number => elementCount(axes.map(({ places }) => places));

function listOf(call: Call, name: string, length: number, otherwise: number): readonly number[] {
  const list = integersAttribute(call, name) ?? Array<number>(length).fill(otherwise);
  if (list.length === length) return list;
  throw nodeError(call, `attribute ${name} has ${list.length} values, want ${length}`);
}
