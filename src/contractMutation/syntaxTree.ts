/** A node of the compiler's syntax tree; what its fields mean depends on the type. */
export interface Node {
  readonly nodeType: string;
  /** Offset and length in bytes of UTF-8, and the number of the file. */
  readonly src: string;
  /** Documented as JSON only. */
  readonly [field: string]: any;
}

/** Where a node stands in its file's text, in characters. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A node and those that it lies in, the nearest first. */
export interface Place {
  readonly node: Node;
  readonly parents: readonly Node[];
}

/** A file's text with its tree. */
export interface SyntaxTree {
  readonly text: string;
  /** All nodes in the order of the tree. */
  readonly places: readonly Place[];
  readonly spanOf: (node: Node) => Span;
  readonly textOf: (node: Node) => string;
  /** A declaration of any file by the number that references have. */
  readonly declarationOf: (id: number) => Place | undefined;
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).nodeType === "string";

/** The nodes below `node`, and itself. */
export function placesOf(node: Node, parents: readonly Node[] = []): Place[] {
  const below = [node, ...parents];
  const children = Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter(isNode);
  return [{ node, parents }, ...children.flatMap((child) => placesOf(child, below))];
}

/** The trees of all files by name, from the texts and the compiler's trees. */
export function syntaxTrees(
  texts: ReadonlyMap<string, string>,
  roots: ReadonlyMap<string, Node>,
): Map<string, SyntaxTree> {
  const places = new Map([...roots].map(([file, root]) => [file, placesOf(root)]));
  const declarations = new Map([...places.values()].flat().map((place) => [place.node.id, place]));
  return new Map(
    [...places].map(([file, inFile]) => {
      const text = texts.get(file) ?? "";
      const spanOf = spansIn(text);
      const textOf = (node: Node): string => text.slice(spanOf(node).start, spanOf(node).end);
      return [file, { text, places: inFile, spanOf, textOf, declarationOf: (id) => declarations.get(id) }];
    }),
  );
}

function spansIn(text: string): (node: Node) => Span {
  const characters = new Map<number, number>();
  let bytes = 0;
  let at = 0;
  for (const character of text) {
    characters.set(bytes, at);
    bytes += Buffer.byteLength(character);
    at += character.length;
  }
  characters.set(bytes, at);
  return ({ src }) => {
    const [offset, length] = src.split(":").map(Number);
    return { start: characters.get(offset)!, end: characters.get(offset + length)! };
  };
}
