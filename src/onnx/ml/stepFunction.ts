import type { RealTree } from "../../ir/realGraph.ts";
import type { StepBuilder } from "../operators/operator.ts";

/** What a number becomes where it is above `above` and at most `upTo`. */
export interface Piece {
  readonly above: number;
  readonly upTo: number;
  readonly values: readonly number[];
}

/**
 * Every element of a value replaced by the `values` of the piece that it lies in, by those of `otherwise` outside all.
 * Pieces are disjoint; all hold equally many values. It is a decision tree over one feature, which costs a constraint a
 * threshold whatever the values.
 */
export function stepFunction(
  builder: StepBuilder,
  value: string,
  pieces: readonly Piece[],
  otherwise: readonly number[],
): string {
  const steps: { from: number; values: readonly number[] }[] = [{ from: -Infinity, values: otherwise }];
  for (const { above, upTo, values } of [...pieces].sort((a, b) => a.above - b.above)) {
    if (steps[steps.length - 1].from === above) steps.pop();
    steps.push({ from: above, values }, { from: upTo, values: otherwise });
  }
  const tree = balanced(steps);
  const none = otherwise.map(() => 0);
  return builder.trees(value, builder.sizeOf(value), none, [tree]);
}

/** The numbers that count as `key`: integers by their nearest, others as float32. */
export function pieceAt(key: number, isInteger: boolean, values: readonly number[]): Piece {
  if (isInteger) return { above: key - 0.5, upTo: key + 0.5, values };
  const single = Math.fround(key);
  return { above: nextBelow(single), upTo: single, values };
}

/** The greatest float32 below a number. */
export function nextBelow(x: number): number {
  const single = Math.fround(x);
  if (single < x) return single;
  if (single === 0) return -(2 ** -149);
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, single);
  view.setInt32(0, view.getInt32(0) + (single > 0 ? -1 : 1));
  return view.getFloat32(0);
}

function balanced(steps: readonly { from: number; values: readonly number[] }[]): RealTree {
  if (steps.length === 1) return { add: steps[0].values };
  const middle = Math.ceil(steps.length / 2);
  const { from: threshold } = steps[middle];
  return { feature: 0, threshold, yes: balanced(steps.slice(0, middle)), no: balanced(steps.slice(middle)) };
}
