/** Copies of a text with one character changed: the last one, to another of its kind and to one that hex has not. */
export const oneByteEdits = (text: string): string[] =>
  [text.endsWith("1") ? "2" : "1", "z"].map((character) => `${text.slice(0, -1)}${character}`);

/** A leaf of a JSON value by its path, as `flattenJson` counts leaves. */
export interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Every leaf of a JSON value. */
export const leavesOf = (value: unknown, path: readonly string[] = []): Leaf[] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, field]) => leavesOf(field, [...path, key]))
    : [{ path, value }];

/** A copy of a JSON value with one leaf changed. */
export function withLeaf(value: unknown, [key, ...rest]: readonly string[], leaf: unknown): unknown {
  if (key === undefined) return leaf;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = withLeaf(copy[key], rest, leaf);
  return copy;
}
