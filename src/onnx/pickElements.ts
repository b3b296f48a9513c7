import type { ArrangeStep, ScaleStep } from "../ir/realGraph.ts";
import type { StepBuilder } from "./operators/operator.ts";
import type { MakerOf } from "./stepBuilder.ts";

/** Steps in a row that are looked through, as for masks. */
const MOST_STEPS = 64;

/**
 * The elements of a value at some positions, made without its other elements: what only those needed, however large, is
 * not left in the way. Steps that shift and move elements are made again for the positions alone.
 */
export function pickElements(
  builder: Pick<StepBuilder, "arrange" | "scale" | "sizeOf">,
  makerOf: MakerOf,
  value: string,
  positions: readonly number[],
): string {
  return picked(value, positions, MOST_STEPS);

  function picked(name: string, at: readonly number[], depth: number): string {
    const step = depth === 0 ? undefined : makerOf(name);
    if (step?.kind === "Scale") return scaled(step, at, depth);
    if (step?.kind === "Arrange") return arranged(step, at, depth);
    return builder.arrange([name], at);
  }

  function scaled({ input, factors, offsets }: ScaleStep, at: readonly number[], depth: number): string {
    return builder.scale(
      picked(input, at, depth - 1),
      at.map((position) => factors[position % factors.length]),
      at.map((position) => offsets[position % offsets.length]),
    );
  }

  /** Picks from each input what is read of it, and puts that in order. */
  function arranged({ inputs, indices }: ArrangeStep, at: readonly number[], depth: number): string {
    const sources = at.map((position) => indices[position]);
    const [parts, places]: [string[], Map<number, number>] = [[], new Map()];
    let start = 0;
    for (const input of inputs) {
      const end = start + builder.sizeOf(input);
      const read = [...new Set(sources.filter((source) => source >= start && source < end))];
      const first = start;
      if (read.length > 0)
        parts.push(
          picked(
            input,
            read.map((source) => source - first),
            depth - 1,
          ),
        );
      for (const source of read) places.set(source, places.size);
      start = end;
    }
    return builder.arrange(
      parts,
      sources.map((source) => places.get(source)!),
    );
  }
}
