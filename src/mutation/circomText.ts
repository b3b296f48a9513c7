/** A block in braces: what stands before it, and where. */
export interface Block {
  /** `for (…)`, `if (…)`, `else`, `template …`, `function …`. */
  readonly header: string;
  readonly headerStart: number;
  /** Position of the opening brace, and of the closing one. */
  readonly open: number;
  readonly close: number;
}

/** A statement that ends in a semicolon, which `end` is the position of. */
export interface Statement {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** From the outermost to the innermost. */
  readonly blocks: readonly Block[];
}

/** Statements and blocks of a circom file whose comments are blanks. */
export interface CircomText {
  readonly statements: readonly Statement[];
  readonly blocks: readonly Block[];
}

/** The text with blanks for comments, so that positions stay. */
export const maskComments = (text: string): string =>
  text.replace(/\/\/.*$/gm, (comment) => " ".repeat(comment.length));

/** Cuts a file into statements and blocks. Throws where braces do not match. */
export function parseCircom(code: string): CircomText {
  const statements: Statement[] = [];
  const blocks: Block[] = [];
  // Blocks are made when they open and closed later.
  const stack: { header: string; headerStart: number; open: number; close: number }[] = [];
  let [start, depth] = [0, 0];
  for (let at = 0; at < code.length; at++) {
    const character = code[at];
    if (character === "(" || character === "[") depth++;
    if (character === ")" || character === "]") depth--;
    if (depth > 0 || !";{}".includes(character)) continue;
    const first = start + code.slice(start, at).search(/\S|$/);
    const text = code.slice(first, at).trim();
    if (character === ";") statements.push({ text, start: first, end: at, blocks: [...stack] });
    if (character === "{") {
      const block = { header: text, headerStart: first, open: at, close: -1 };
      blocks.push(block);
      stack.push(block);
    }
    if (character === "}") stack.pop()!.close = at;
    start = at + 1;
  }
  if (stack.length > 0) throw new Error(`${stack.length} blocks are not closed`);
  return { statements, blocks };
}

/** Cuts a list at its commas outside brackets: text and position of each part. */
export function splitList(list: string, offset: number): { text: string; start: number; end: number }[] {
  const parts: { text: string; start: number; end: number }[] = [];
  let [depth, start] = [0, 0];
  for (let at = 0; at <= list.length; at++) {
    if ("([".includes(list[at] ?? " ")) depth++;
    if (")]".includes(list[at] ?? " ")) depth--;
    if (at < list.length && (depth > 0 || list[at] !== ",")) continue;
    const raw = list.slice(start, at);
    const lead = raw.search(/\S|$/);
    const text = raw.trim();
    parts.push({ text, start: offset + start + lead, end: offset + start + lead + text.length });
    start = at + 1;
  }
  return parts;
}

/** The position after the bracket that closes the one at `open`. */
export function closingOf(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if ("([".includes(text[at])) depth++;
    if (")]".includes(text[at]) && --depth === 0) return at + 1;
  }
  throw new Error(`bracket at ${open} is not closed`);
}
