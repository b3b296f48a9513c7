/** How an output coordinate of a resized axis maps to a coordinate of the operand, in ONNX's names. */
export const COORDINATE_MODES = [
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
  "tf_half_pixel_for_nn",
  "tf_crop_and_resize",
] as const;
export type CoordinateMode = (typeof COORDINATE_MODES)[number];

/** How a coordinate between two elements becomes the nearer one; "simple" is what opsets before 11 do. */
export const NEAREST_MODES = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"] as const;
export type NearestMode = (typeof NEAREST_MODES)[number] | "simple";

export const MODES = ["nearest", "linear", "cubic"] as const;

export interface Interpolation {
  readonly mode: (typeof MODES)[number];
  readonly coordinates: CoordinateMode;
  readonly nearest: NearestMode;
  /** Coefficient a of the cubic kernel. */
  readonly cubicCoefficient: number;
  /** Cubic: elements outside count nothing instead of as much as the one at the edge. */
  readonly excludesOutside: boolean;
}

/** An axis to resize; `region` is the part of it, in shares of its length, that tf_crop_and_resize takes. */
export interface ResizedAxis {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
  readonly region: readonly [start: number, end: number];
}

/** An element of the axis and how much it counts. */
export interface Tap {
  readonly index: number;
  readonly weight: number;
}

/** The elements that each output coordinate is made of; undefined where it lies outside of the operand. */
export function tapsAlong(axis: ResizedAxis, interpolation: Interpolation): (readonly Tap[] | undefined)[] {
  const isIdentity = axis.from === axis.to && axis.scale === 1 && interpolation.coordinates !== "tf_crop_and_resize";
  return Array.from({ length: axis.to }, (_, index) => {
    if (isIdentity) return [{ index, weight: 1 }];
    const x = sourceOf(index, axis, interpolation.coordinates);
    const isOutside = interpolation.coordinates === "tf_crop_and_resize" && (x < 0 || x > axis.from - 1);
    return isOutside ? undefined : tapsAt(x, axis, interpolation);
  });
}

/** Coordinates are computed in 32-bit floats, as onnxruntime does: what lies on the border between two elements must too. */
const { fround } = Math;

function sourceOf(x: number, { from, to, scale, region: [start, end] }: ResizedAxis, mode: CoordinateMode): number {
  const halfPixel = fround(fround((x + 0.5) / scale) - 0.5);
  switch (mode) {
    case "half_pixel":
      return halfPixel;
    case "pytorch_half_pixel":
      return to > 1 ? halfPixel : 0;
    case "half_pixel_symmetric":
      return fround((from / 2) * (1 - to / fround(scale * from)) + halfPixel);
    case "align_corners":
      return to === 1 ? 0 : fround((x * (from - 1)) / (to - 1));
    case "asymmetric":
      return fround(x / scale);
    case "tf_half_pixel_for_nn":
      return fround((x + 0.5) / scale);
    case "tf_crop_and_resize":
      return to > 1
        ? fround(start * (from - 1) + (x * (end - start) * (from - 1)) / (to - 1))
        : fround(0.5 * (start + end) * (from - 1));
  }
}

function tapsAt(x: number, axis: ResizedAxis, interpolation: Interpolation): Tap[] {
  const clamp = (index: number) => Math.min(Math.max(index, 0), axis.from - 1);
  switch (interpolation.mode) {
    case "nearest":
      return [{ index: clamp(nearestTo(x, interpolation.nearest, axis.scale)), weight: 1 }];
    case "linear": {
      const [within, below] = [clamp(x), Math.floor(clamp(x))];
      if (within === below) return [{ index: below, weight: 1 }];
      return [
        { index: below, weight: 1 - (within - below) },
        { index: clamp(below + 1), weight: within - below },
      ];
    }
    case "cubic":
      return cubicTaps(x, axis, interpolation, clamp);
  }
}

function nearestTo(x: number, mode: NearestMode, scale: number): number {
  switch (mode) {
    case "round_prefer_floor":
      return Math.ceil(x - 0.5);
    case "round_prefer_ceil":
      return Math.floor(x + 0.5);
    case "floor":
      return Math.floor(x);
    case "ceil":
      return Math.ceil(x);
    case "simple":
      return scale < 1 ? Math.ceil(x) : Math.trunc(x);
  }
}

/** Keys' cubic convolution over the four elements around x (IEEE TASSP 29, 1981). */
function cubicTaps(
  x: number,
  { from }: ResizedAxis,
  { cubicCoefficient: a, excludesOutside }: Interpolation,
  clamp: (index: number) => number,
): Tap[] {
  const first = Math.floor(x) - 1;
  const near = (d: number) => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  const taps = [first, first + 1, first + 2, first + 3].map((index) => {
    const distance = Math.abs(x - index);
    return { index, weight: distance <= 1 ? near(distance) : far(distance) };
  });
  if (!excludesOutside) return taps.map(({ index, weight }) => ({ index: clamp(index), weight }));
  const inside = taps.filter(({ index }) => index >= 0 && index < from);
  const total = inside.reduce((sum, { weight }) => sum + weight, 0);
  return inside.map(({ index, weight }) => ({ index, weight: weight / total }));
}
