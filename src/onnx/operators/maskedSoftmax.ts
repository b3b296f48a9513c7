import type { RealFunction } from "../../ir/realGraph.ts";
import type { StepBuilder } from "./operator.ts";
import { upTo } from "./positions.ts";
import type { Rows } from "./rows.ts";

/** The elements of each row that count. */
interface Kept {
  /** Their positions, one row after another. */
  readonly positions: readonly number[];
  /** For each of them its row. */
  readonly rowOf: readonly number[];
  /** For each row the numbers of its elements among `positions`. */
  readonly windows: readonly (readonly number[])[];
}

/** Softmax of each row over the elements that are not masked; the others are 0. `exp` takes arguments of at most 0. */
export function maskedSoftmax(builder: StepBuilder, rows: Rows, masked: readonly boolean[], exp: RealFunction): string {
  const { positions, rowOf, windows } = keptOf(rows, masked);
  const value = builder.pick(rows.value, positions);
  const powers = builder.apply(belowMaximum(builder, value, rowOf, windows), exp);
  const longest = windows.reduce((most, { length }) => Math.max(most, length), 0);
  const sums = builder.linear([powers], {
    groups: 1,
    windows: windows.map((window) => [...window, ...Array<number>(longest - window.length).fill(-1)]),
    weights: [Array(longest).fill(1)],
    bias: [0],
  });
  const quotients = builder.divide(powers, builder.arrange([sums], rowOf));
  const numbers = new Map(positions.map((position, number) => [position, number]));
  return builder.arrange(
    [quotients, builder.constant([0])],
    upTo(rows.count * rows.length).map((position) => numbers.get(position) ?? positions.length),
  );
}

/** Each element less the greatest of its row. */
function belowMaximum(builder: StepBuilder, value: string, rowOf: Kept["rowOf"], windows: Kept["windows"]): string {
  return builder.linear([value, builder.extreme("max", [value], windows)], {
    groups: 1,
    windows: rowOf.map((row, number) => [number, rowOf.length + row]),
    weights: [[1, -1]],
    bias: [0],
  });
}

/** A row that is masked as a whole keeps all of its elements: they are equally low. */
function keptOf({ count, length }: Rows, masked: readonly boolean[]): Kept {
  const kept = upTo(count).map((row) => {
    const all = upTo(length).map((index) => row * length + index);
    const unmasked = all.filter((position) => !masked[position]);
    return unmasked.length > 0 ? unmasked : all;
  });
  let start = 0;
  const windows = kept.map((row) => {
    const first = start;
    start += row.length;
    return upTo(row.length).map((index) => first + index);
  });
  return { positions: kept.flat(), rowOf: kept.flatMap((row, number) => row.map(() => number)), windows };
}
