import type { MakerOf, Program } from "./stepBuilder.ts";

/**
 * From here down a number stands for −∞: what models put in the place of scores that are not to count. A softmax gives 0
 * there as long as some other score of the row is not as low.
 */
const MASK = -9_999;

/** Steps in a row that are looked through: masks are made next to where they act. */
const MOST_STEPS = 64;

/** For each element of a value whether what it holds whatever the input, alone or added to something, stands for −∞. */
export function maskedElements(makerOf: MakerOf, sizes: Program["sizes"], value: string): boolean[] {
  const known = new Map<string, readonly number[]>();
  return constantPart(value, MOST_STEPS).map((part) => part <= MASK);

  /** What is added to each element whatever the input, as far as steps that shift and move elements show. */
  function constantPart(name: string, depth: number): readonly number[] {
    const part = known.get(name) ?? computedPart(name, depth);
    known.set(name, part);
    return part;
  }

  function computedPart(name: string, depth: number): readonly number[] {
    const step = depth === 0 ? undefined : makerOf(name);
    switch (step?.kind) {
      case "Constant":
        return step.data;
      case "Scale": {
        const { factors, offsets } = step;
        return constantPart(step.input, depth - 1).map(
          (part, at) => factors[at % factors.length] * part + offsets[at % offsets.length],
        );
      }
      case "Arrange": {
        const parts = step.inputs.flatMap((input) => constantPart(input, depth - 1));
        return step.indices.map((index) => parts[index]);
      }
      default:
        return Array<number>(sizes.get(name)!).fill(0);
    }
  }
}
