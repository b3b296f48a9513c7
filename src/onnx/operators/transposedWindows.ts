import { checkedSize } from "../limits.ts";
import { choiceOf } from "./choice.ts";
import { type Call, integersAttribute, nodeError, nodeLabel } from "./operator.ts";
import { upTo } from "./positions.ts";
import { AUTO_PADS, PADDING, type SlidingAxis, type WindowForm, spanOf, windowForms } from "./windows.ts";

/**
 * The axes of a transposed convolution: `size` elements are spread `stride` apart over `places`, of which `before` and
 * `after` more are cut off.
 */
export function transposedAxes(call: Call, sizes: readonly number[], kernel: readonly number[]): SlidingAxis[] {
  const extra = integersAttribute(call, "output_padding") ?? sizes.map(() => 0);
  const wanted = integersAttribute(call, "output_shape")?.slice(-sizes.length);
  if (extra.length !== sizes.length || (wanted && wanted.length !== sizes.length))
    throw nodeError(call, `output_padding or output_shape does not fit ${sizes.length} axes`);
  const axes = windowForms(call, kernel).map((form, axis) =>
    settled(call, form, sizes[axis], extra[axis], wanted?.[axis]),
  );
  const places = axes.map((axis) => axis.places);
  if (places.some((count) => count < 1)) throw nodeError(call, `its result would have the shape ${places.join("×")}`);
  checkedSize(places, nodeLabel(call.node));
  return axes;
}

function settled(call: Call, form: WindowForm, size: number, extra: number, wanted: number | undefined): SlidingAxis {
  const autoPad = choiceOf(call, "auto_pad", "NOTSET", AUTO_PADS);
  const all = (size - 1) * form.stride + extra + spanOf(form);
  const isSame = autoPad === "SAME_UPPER" || autoPad === "SAME_LOWER";
  const places = wanted ?? (isSame ? size * form.stride : undefined);
  if (places === undefined) {
    const [before, after] = autoPad === "VALID" ? [0, 0] : [form.before, form.after];
    return { ...form, size, before, after, places: all - before - after };
  }
  const cut = Math.max(all - places, 0);
  const half = Math.floor(cut / 2);
  const before = autoPad === "SAME_UPPER" ? half : cut - half;
  return { ...form, size, before, after: cut - before, places };
}

/** For each place of the result along one axis, the elements that filters spread there, PADDING where there is none. */
export const transposedCoordinatesAlong = ({
  size,
  kernel,
  stride,
  dilation,
  before,
  places,
}: SlidingAxis): number[][] =>
  upTo(places).map((place) =>
    upTo(kernel).map((k) => {
      const coordinate = (place + before - k * dilation) / stride;
      return Number.isInteger(coordinate) && coordinate >= 0 && coordinate < size ? coordinate : PADDING;
    }),
  );
