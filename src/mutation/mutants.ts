import {
  type Block,
  type CircomText,
  type Statement,
  closingOf,
  maskComments,
  parseCircom,
  splitList,
} from "./circomText.ts";

/** A change of one file of the circuit library. */
export interface Mutant {
  readonly file: string;
  /** The first line that changes, from 1. */
  readonly line: number;
  readonly operator: string;
  /** The statement before and after. */
  readonly before: string;
  readonly after: string;
  /** The whole changed file. */
  readonly text: string;
}

/** Replaces code.slice(start, end). */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Edits of one mutant, and the part of the file that shows it. */
interface Change {
  readonly operator: string;
  readonly edits: readonly Edit[];
}

/** A constraint statement taken apart. */
interface Constraint extends Statement {
  readonly left: string;
  readonly right: string;
  /** `<==` also assigns the left side. */
  readonly assigns: boolean;
}

/** A signal of a template and how many indices it takes. */
interface Signal {
  readonly name: string;
  readonly indices: number;
}

/** All changes of a file that the operators know, in the order of the file; hint lines and assertions stay as they are. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const code = maskComments(text);
  const parsed = parseCircom(code);
  const constraints = parsed.statements.flatMap((statement) => asConstraint(statement));
  const changes = [
    ...constraints.flatMap((constraint) => weakenings(code, constraint)),
    ...merges(code, constraints),
    ...parsed.statements.filter(isMutable).flatMap((statement) => rewritings(code, statement)),
    ...headers(parsed).flatMap(rewriteHeader),
  ];
  const seen = new Set([text]);
  return changes.flatMap((change) => {
    const mutant = applyChange(file, text, change);
    if (seen.has(mutant.text)) return [];
    seen.add(mutant.text);
    return [mutant];
  });
}

function applyChange(file: string, text: string, { operator, edits }: Change): Mutant {
  const ordered = [...edits].sort((left, right) => left.start - right.start);
  let changed = "";
  let at = 0;
  for (const edit of ordered) {
    changed += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  changed += text.slice(at);
  const first = text.lastIndexOf("\n", ordered[0].start) + 1;
  const last = ordered[ordered.length - 1].end;
  const lineEnd = text.indexOf("\n", last);
  const tail = text.length - lineEnd;
  const squeeze = (part: string): string => part.replace(/\s+/g, " ").trim();
  return {
    file,
    line: text.slice(0, ordered[0].start).split("\n").length,
    operator,
    before: squeeze(text.slice(first, lineEnd)),
    after: squeeze(changed.slice(first, changed.length - tail)),
    text: changed,
  };
}

function asConstraint(statement: Statement): Constraint[] {
  const found = /^(?!signal\b|assert\b)([^]*?)\s*(<==|===)\s*([^]*)$/.exec(statement.text);
  return found === null ? [] : [{ ...statement, left: found[1], right: found[3], assigns: found[2] === "<==" }];
}

const assignment = ({ assigns, left, right }: Constraint): string => (assigns ? `${left} <-- ${right};` : "");
const difference = ({ left, right }: Constraint): string => `(${left}) - (${right})`;
const replaceStatement = ({ start, end }: Statement, text: string): Edit => ({ start, end: end + 1, text });

/** The constraint dropped, in all turns of a loop or in some, or multiplied by a signal that may be 0. */
function weakenings(code: string, constraint: Constraint): Change[] {
  const change = (operator: string, text: string): Change => ({
    operator,
    edits: [replaceStatement(constraint, `${assignment(constraint)} ${text}`.trim())],
  });
  const { left, right, blocks } = constraint;
  const kept = `${left} === ${right};`;
  const template = blocks[0];
  return [
    change("constraint dropped", ""),
    ...blocks
      .flatMap(turnsOf)
      .map(({ name, condition }) => change(`constraint dropped in ${name}`, `if (${condition}) { ${kept} }`)),
    ...(right.startsWith("[") ? [] : signalsOf(code, template))
      .map(({ name, indices }) => name + "[0]".repeat(indices))
      .filter((signal) => signal !== left)
      .flatMap((signal) => [
        change("constraint times a signal", `(${difference(constraint)}) * ${signal} === 0;`),
        change("constraint times 1 minus a signal", `(${difference(constraint)}) * (1 - ${signal}) === 0;`),
      ]),
  ];
}

/** For which turns of a loop a constraint stays. */
function turnsOf({ header }: Block): { name: string; condition: string }[] {
  const found = /^for \(var (\w+) = ([^;]+); \1 (<=|<|>=|>) ([^;&]+); /.exec(header);
  if (found === null) return [];
  const [, counter, first, relation, bound] = found;
  const last = relation === "<" ? `${bound} - 1` : relation === ">" ? `${bound} + 1` : bound;
  return [
    { name: "the first turn", condition: `${counter} != ${first}` },
    { name: "the last turn", condition: `${counter} != ${last}` },
    { name: "all turns but the first", condition: `${counter} == ${first}` },
  ];
}

const signalsOf = (code: string, { open, close }: Block): Signal[] =>
  [...code.slice(open, close).matchAll(/\bsignal (?:input |output )?(\w+)((?:\[[^;]*\])?)/g)].map(([, name, size]) => ({
    name,
    indices: size === "" ? 0 : 1,
  }));

/** Two constraints in a row, or those of all turns of a loop, replaced by their sum. */
function merges(code: string, constraints: readonly Constraint[]): Change[] {
  const pairs = constraints.flatMap((first, index): Change[] => {
    const second = constraints[index + 1];
    if (
      second === undefined ||
      [first, second].some(({ right }) => right.startsWith("[")) ||
      !/^[\s;]*$/.test(code.slice(first.end, second.start))
    )
      return [];
    const sum = `${difference(first)} + ${difference(second)} === 0;`;
    const text = [assignment(first), assignment(second), sum].join(" ").trim();
    return [{ operator: "two constraints summed", edits: [{ start: first.start, end: second.end + 1, text }] }];
  });
  const loops = constraints.flatMap((constraint): Change[] => {
    const loop = constraint.blocks.findLast(({ header }) => header.startsWith("for "));
    if (loop === undefined) return [];
    const edits = [
      { start: loop.headerStart, end: loop.headerStart, text: "var summed = 0; " },
      replaceStatement(constraint, `${assignment(constraint)} summed += ${difference(constraint)};`),
      { start: loop.close + 1, end: loop.close + 1, text: " summed === 0;" },
    ];
    return [{ operator: "constraints of a loop summed", edits }];
  });
  return [...pairs, ...loops];
}

/** Statements whose text may change: no hints, which are the prover's own, no assertions and no declarations of signals. */
const isMutable = ({ text, blocks }: Statement): boolean =>
  blocks.length > 0 && !text.includes("<--") && !/^(?:assert|signal|return|pragma|include)\b/.test(text);

/** What the operators do with a piece of code; `at` are positions in the piece. */
type Rewriter = (piece: string) => { operator: string; start: number; end: number; text: string }[];

function rewritings(code: string, statement: Statement): Change[] {
  const piece = statement.text;
  if (/^component \w+\[[^=]*\]$/.test(piece)) return [];
  const own = [...REWRITERS, swapSignals(signalsOf(code, statement.blocks[0]))];
  const within = own.flatMap((rewriter) => rewriter(piece));
  const dropped = /^\w+(?:\[[^\]]*\])? (?:[-+]=|=) /.test(piece)
    ? [{ operator: "statement dropped", start: 0, end: piece.length, text: "" }]
    : [];
  return [...dropped, ...within].map(({ operator, start, end, text }) => ({
    operator,
    edits: [{ start: statement.start + start, end: statement.start + end, text }],
  }));
}

const headers = ({ blocks }: CircomText): Block[] =>
  blocks.filter(({ header }) => /(?:^|\b)(?:for|if) \(/.test(header));

/** Conditions decided, and bounds of loops moved by one. */
function rewriteHeader({ header, headerStart }: Block): Change[] {
  const condition = /^(?:else )?if \(([^]*)\)$/.exec(header);
  const at = (operator: string, start: number, end: number, text: string): Change => ({
    operator,
    edits: [{ start: headerStart + start, end: headerStart + end, text }],
  });
  if (condition !== null) {
    const start = header.length - 1 - condition[1].length;
    return ["1 == 1", "1 == 0"].map((text) => at("condition decided", start, header.length - 1, text));
  }
  // A counter that is multiplied would stay where it is, and the compiler in the loop.
  const numbers = header.includes("*=") ? [] : literals(header);
  return [...relations(header), ...numbers].map(({ operator, start, end, text }) =>
    at(`${operator} in a loop`, start, end, text),
  );
}

const each = (
  piece: string,
  pattern: RegExp,
  operator: string,
  rewrite: (match: RegExpExecArray) => readonly string[],
): ReturnType<Rewriter> =>
  [...piece.matchAll(pattern)].flatMap((match) =>
    rewrite(match as RegExpExecArray).map((text) => ({
      operator,
      start: match.index,
      end: match.index + match[0].length,
      text,
    })),
  );

const literals: Rewriter = (piece) =>
  each(piece, /(?<![\w.])\d+(?![\w.])/g, "number moved by one", ([digits]) => [
    `${BigInt(digits) + 1n}`,
    ...(digits === "0" ? [] : [`${BigInt(digits) - 1n}`]),
  ]);

const RELATIONS: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "==": "!=",
  "!=": "==",
};
const relations: Rewriter = (piece) =>
  each(piece, / (<|<=|>|>=|==|!=) /g, "relation", ([, relation]) => [` ${RELATIONS[relation]} `]);

const OPERATORS: Readonly<Record<string, string>> = { "+": "-", "-": "+", "*": "+", "+=": "-=", "-=": "+=" };
const operators: Rewriter = (piece) =>
  each(piece, / (\+|-|\*|\+=|-=) /g, "operator", ([, operator]) => [` ${OPERATORS[operator]} `]);

const shifts: Rewriter = (piece) =>
  each(piece, /(<<|\*\*) (\w+|\([^()]*\))/g, "exponent moved by one", ([, operator, exponent]) => [
    `${operator} (${exponent} + 1)`,
    `${operator} (${exponent} - 1)`,
  ]);

/** A term of a sum: up to the next operator or bracket of the same depth. */
const terms: Rewriter = (piece) =>
  [...piece.matchAll(/ [-+] /g)].map(({ index }) => ({
    operator: "term dropped",
    start: index,
    end: operandEnd(piece, index + 3),
    text: "",
  }));

const factors: Rewriter = (piece) =>
  [...piece.matchAll(/ \* /g)].map(({ index }) => ({
    operator: "factor dropped",
    start: index,
    end: atomEnd(piece, index + 3),
    text: "",
  }));

function operandEnd(piece: string, start: number): number {
  let at = atomEnd(piece, start);
  while (/^ (?:\*|\*\*|<<|>>|\\|\/) /.test(piece.slice(at)))
    at = atomEnd(piece, at + piece.slice(at).search(/ \S+ /) + 1);
  return at;
}

/** The end of a name with its indices and arguments, of a number, or of brackets. */
function atomEnd(piece: string, start: number): number {
  let at = start + /^(?:\S+ )?-?/.exec(piece.slice(start).match(/^[*<>\\/]/) ? piece.slice(start) : "")![0].length;
  while (at < piece.length) {
    if (/[\w.-]/.test(piece[at])) at++;
    else if (piece[at] === "[" || piece[at] === "(") at = closingOf(piece, at);
    else break;
  }
  return at;
}

const indices: Rewriter = (piece) =>
  [...piece.matchAll(/(?<=[\w\]])\[/g)].flatMap(({ index }) => {
    const end = closingOf(piece, index);
    const inner = piece.slice(index + 1, end - 1);
    return [`[${inner} + 1]`, `[${inner} - 1]`].map((text) => ({
      operator: "index moved by one",
      start: index,
      end,
      text,
    }));
  });

/** Parameters of a component, entries of lists among them. */
const parameters: Rewriter = (piece) => {
  const call = /= [A-Z]\w*\(/.exec(piece);
  if (call === null) return [];
  const open = call.index + call[0].length - 1;
  return splitList(piece.slice(open + 1, closingOf(piece, open) - 1), open + 1).flatMap(({ text, start, end }) =>
    text.startsWith("[")
      ? entries(text, start)
      : [`${text} + 1`, `${text} - 1`].map((changed) => ({
          operator: "parameter moved by one",
          start,
          end,
          text: changed,
        })),
  );
};

/** A range check for one bit more, gated or not. */
const widenings: Rewriter = (piece) => {
  const call = /= RangeCheck\(/.exec(piece);
  if (call === null) return [];
  const open = call.index + call[0].length - 1;
  const [bits, freeBits] = splitList(piece.slice(open + 1, closingOf(piece, open) - 1), open + 1);
  const text = `${bits.text} + 1, ${freeBits.text} + 1`;
  return [{ operator: "range check widened", start: bits.start, end: freeBits.end, text }];
};

const lists: Rewriter = (piece) => {
  const list = /(?<=<== )\[/.exec(piece);
  return list === null ? [] : entries(piece.slice(list.index, closingOf(piece, list.index)), list.index);
};

function entries(list: string, offset: number): ReturnType<Rewriter> {
  return splitList(list.slice(1, -1), offset + 1).flatMap(({ text, start, end }) => [
    { operator: "entry replaced by 0", start, end, text: "0" },
    { operator: "entry negated", start, end, text: `-(${text})` },
  ]);
}

const choices: Rewriter = (piece) =>
  each(piece, /(?<== )[^=?]+(?:==[^=?]+)?(?= \? )/g, "choice decided", () => ["1 == 1", "1 == 0"]);

/** A signal replaced by another of as many indices. */
const swapSignals =
  (signals: readonly Signal[]): Rewriter =>
  (piece) => {
    if (!/<==|===|\+=|-=|^var /.test(piece)) return [];
    return signals.flatMap(({ name, indices: count }) => {
      const others = signals.filter((other) => other.indices === count && other.name !== name).slice(0, 2);
      return each(piece, new RegExp(`(?<![\\w.])${name}(?!\\w)`, "g"), "signal replaced by another", () =>
        others.map((other) => other.name),
      );
    });
  };

const REWRITERS: readonly Rewriter[] = [
  literals,
  relations,
  operators,
  shifts,
  terms,
  factors,
  indices,
  parameters,
  widenings,
  lists,
  choices,
];
