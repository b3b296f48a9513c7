import type { Node, Place, SyntaxTree } from "./syntaxTree.ts";

/** A change of one contract file. */
export interface ContractMutant {
  readonly file: string;
  /** The first line that changes, from 1. */
  readonly line: number;
  /** The function or state variable that changes. */
  readonly member: string;
  readonly operator: string;
  /** The changed lines before and after, in one line each. */
  readonly before: string;
  readonly after: string;
  /** The whole changed file. */
  readonly text: string;
}

/** Replaces text from `start` to `end`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A change as an operator makes it. */
export interface Change {
  readonly operator: string;
  readonly edits: readonly Edit[];
}

/** Changes of one node, if it is of a kind that the operator knows. */
export type Operator = (place: Place, tree: SyntaxTree) => Change[];

/** `node` replaced by each of the texts. */
export const replaced = (tree: SyntaxTree, operator: string, node: Node, texts: readonly string[]): Change[] =>
  texts.map((text) => ({ operator, edits: [{ ...tree.spanOf(node), text }] }));

/** Two nodes that change places. */
export const swapped = (tree: SyntaxTree, operator: string, first: Node, second: Node): Change => ({
  operator,
  edits: [
    { ...tree.spanOf(first), text: tree.textOf(second) },
    { ...tree.spanOf(second), text: tree.textOf(first) },
  ],
});

export function applyChange(file: string, text: string, member: string, { operator, edits }: Change): ContractMutant {
  const ordered = [...edits].sort((left, right) => left.start - right.start);
  const first = text.lastIndexOf("\n", ordered[0].start - 1) + 1;
  const lineEnd = text.indexOf("\n", ordered[ordered.length - 1].end);
  const changed = ordered.reduceRight(
    (rest, edit) => rest.slice(0, edit.start) + edit.text + rest.slice(edit.end),
    text,
  );
  const squeeze = (part: string): string => part.replace(/\s+/g, " ").trim();
  return {
    file,
    line: text.slice(0, ordered[0].start).split("\n").length,
    member,
    operator,
    before: squeeze(text.slice(first, lineEnd)),
    after: squeeze(changed.slice(first, changed.length - (text.length - lineEnd))),
    text: changed,
  };
}
