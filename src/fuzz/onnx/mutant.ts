import { mutateBytes } from "./mutateBytes.ts";
import { mutateModel } from "./mutateModel.ts";
import { randomOf } from "../random.ts";

/** A damaged file and how it came about, all of it decided by the seed and the number. */
export interface Recipe {
  readonly seed: number;
  readonly number: number;
}

/** The changes of a mutant, numbered; `mutantOf` makes some or all of them. */
export const changesOf = ({ seed, number }: Recipe): number[] =>
  Array.from({ length: randomOf(seed, number, -1).pick(COUNTS) }, (_, index) => index);

/** How many changes a mutant carries: mostly few, since a file is refused for its first mistake. */
const COUNTS = [1, 1, 1, 2, 2, 3, 4];

/** A mutant of one of the models. */
export function mutantOf(models: readonly Uint8Array[], recipe: Recipe, changes = changesOf(recipe)): Uint8Array {
  const { seed, number } = recipe;
  return changes.reduce(
    (bytes, change) => {
      const random = randomOf(seed, number, change);
      return random.oneIn(3) ? mutateBytes(bytes, random) : mutateModel(bytes, random);
    },
    randomOf(seed, number, -2).pick(models),
  );
}
