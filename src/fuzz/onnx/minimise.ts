import { modelType } from "../../onnx/schema.ts";
import { type Fault, judge } from "./judge.ts";
import { type Recipe, changesOf, mutantOf } from "./mutant.ts";
import { modelOf, placesOf } from "./places.ts";

/** Files that are judged at most to make one smaller. */
const MAX_TRIALS = 400;

/** A smaller file with the same fault: fewer of the mutant's changes, then fewer parts of the model. */
export function minimise(models: readonly Uint8Array[], recipe: Recipe, { signature }: Fault): Uint8Array {
  const stillFails = (bytes: Uint8Array): boolean => {
    const verdict = judge(bytes);
    return verdict.kind === "fault" && verdict.signature === signature;
  };
  const changes = changesOf(recipe).reduce((kept, change) => {
    const fewer = kept.filter((other) => other !== change);
    return stillFails(mutantOf(models, recipe, fewer)) ? fewer : kept;
  }, changesOf(recipe));
  return withoutParts(mutantOf(models, recipe, changes), stillFails);
}

/** Leaves out one part after another, as often as that keeps the fault. */
function withoutParts(bytes: Uint8Array, stillFails: (bytes: Uint8Array) => boolean): Uint8Array {
  let smallest = bytes;
  let part = 0;
  for (let trial = 0; trial < MAX_TRIALS; trial++) {
    const smaller = withoutPart(smallest, part);
    if (smaller === undefined) return smallest;
    // After a part is gone, the next one stands in its place.
    if (smaller.length < smallest.length && stillFails(smaller)) smallest = smaller;
    else part += 1;
  }
  return smallest;
}

/** The model without its field or element number `part`; undefined where it has fewer, or does not decode. */
function withoutPart(bytes: Uint8Array, part: number): Uint8Array | undefined {
  const model = modelOf(bytes);
  if (model === undefined) return undefined;
  const removals = placesOf(model, modelType).flatMap(({ message, field: { name, repeated } }) => {
    if (!Object.hasOwn(message, name)) return [];
    if (!repeated) return [() => void delete message[name]];
    const list = message[name] as readonly unknown[];
    return list.map((_, index) => () => void (message[name] = list.toSpliced(index, 1)));
  });
  if (part >= removals.length) return undefined;
  removals[part]();
  return modelType.encode(model).finish();
}
