import { SCALAR_ORDER, mod } from "../field.ts";
import { narrow } from "./bitBounds.ts";
import {
  type LinearForm,
  ZERO,
  addScaled,
  constantForm,
  inverse,
  isConstant,
  isZero,
  ratio,
  resolve,
  scale,
  squareRoots,
} from "./linearForm.ts";

/** a · b = c. */
export interface Row {
  readonly a: LinearForm;
  readonly b: LinearForm;
  readonly c: LinearForm;
}

/** What is asked of a constraint system: values of all wires that satisfy it. */
export interface Question {
  readonly rows: readonly Row[];
  /** Wires whose values are given. */
  readonly fixed: ReadonlyMap<number, bigint>;
  /** At least one of these wires must have another value than here, if there are any. */
  readonly differ?: ReadonlyMap<number, bigint>;
  /** What to try first on a wire that nothing determines. */
  readonly guesses?: ReadonlyMap<number, bigint>;
  /** Branches to look at before giving up. */
  readonly budget: number;
}

/** `none` is a proof: every assignment has been ruled out. */
export type Answer =
  | { readonly kind: "witness"; readonly values: ReadonlyMap<number, bigint> }
  | { readonly kind: "none" }
  | { readonly kind: "unknown" };

/** What is known on one branch of the search. */
interface Branch {
  rows: Row[];
  /** Wires as forms of others. */
  readonly definitions: Map<number, LinearForm>;
  /** Wires that can take one of two values only. */
  readonly choices: Map<number, readonly [bigint, bigint]>;
}

interface Search {
  readonly question: Question;
  left: number;
  /** Whether a value was guessed that not all others were tried for. */
  guessed: boolean;
}

/**
 * Looks for a witness: solves linear rows, propagates bounds of wires that are 0 or 1, and branches on these, on the
 * factors of products that are 0 and, where nothing else is left, on guesses.
 */
export function findWitness(question: Question): Answer {
  const definitions = new Map([...question.fixed].map(([wire, value]) => [wire, constantForm(value)]));
  const search: Search = { question, left: question.budget, guessed: false };
  const found = explore(search, { rows: [...question.rows], definitions, choices: new Map() });
  if (found !== undefined) return { kind: "witness", values: found };
  return search.left < 0 || search.guessed ? { kind: "unknown" } : { kind: "none" };
}

/** The rows that values break; wires without a value count as 0. */
export const brokenRows = (rows: readonly Row[], values: ReadonlyMap<number, bigint>): Row[] =>
  rows.filter(({ a, b, c }) => mod(valueOf(a, values) * valueOf(b, values) - valueOf(c, values)) !== 0n);

export function valueOf({ constant, terms }: LinearForm, values: ReadonlyMap<number, bigint>): bigint {
  let sum = constant;
  for (const [wire, coefficient] of terms) sum += coefficient * (values.get(wire) ?? 0n);
  return mod(sum);
}

function explore(search: Search, branch: Branch): Map<number, bigint> | undefined {
  if (search.left-- < 0) return undefined;
  if (!simplify(branch) || isHonest(search.question, branch)) return undefined;
  if (branch.rows.length === 0) return complete(search, branch);
  for (const next of branchesOf(search, branch)) {
    const found = explore(search, next);
    if (found !== undefined) return found;
    if (search.left < 0) return undefined;
  }
  return undefined;
}

/** Whether nothing that should differ can still do so. */
const isHonest = ({ differ }: Question, { definitions }: Branch): boolean =>
  differ !== undefined &&
  [...differ].every(([wire, honest]) => {
    const form = resolve(definitions.get(wire) ?? { constant: 0n, terms: new Map([[wire, 1n]]) }, definitions);
    return isConstant(form) && form.constant === honest;
  });

/** Applies all rows until none says anything new; false where they contradict each other. */
function simplify(branch: Branch): boolean {
  for (let changed = true; changed;) {
    changed = false;
    const kept: Row[] = [];
    for (const row of branch.rows) {
      const result = absorb(branch, row);
      if (result === "contradiction") return false;
      changed ||= result !== row;
      if (result !== "done") kept.push(result);
    }
    branch.rows = kept;
  }
  return true;
}

/** What is left of a row after it has been taken into account. */
type Absorbed = Row | "done" | "contradiction";

function absorb(branch: Branch, row: Row): Absorbed {
  const { definitions } = branch;
  const resolved = [row.a, row.b, row.c].map((form) => resolve(form, definitions));
  const isSame = resolved[0] === row.a && resolved[1] === row.b && resolved[2] === row.c;
  const current = isSame ? row : { a: resolved[0], b: resolved[1], c: resolved[2] };
  const factored = factor(current);
  const form = linearPart(factored);
  return form === undefined ? absorbProduct(branch, factored) : absorbLinear(branch, form, factored);
}

/** The row with c = 0 where c is a multiple of a factor: a · b = f · a says a · (b − f) = 0. */
function factor(row: Row): Row {
  const { a, b, c } = row;
  if (isZero(c) || isConstant(a) || isConstant(b)) return row;
  const byLeft = ratio(c, a);
  if (byLeft !== undefined) return { a, b: addScaled(b, constantForm(byLeft), -1n), c: ZERO };
  const byRight = ratio(c, b);
  if (byRight !== undefined) return { a: addScaled(a, constantForm(byRight), -1n), b, c: ZERO };
  return row;
}

/** The form that a row says to be 0, if it is linear. */
function linearPart({ a, b, c }: Row): LinearForm | undefined {
  if (isConstant(a)) return addScaled(c, b, -a.constant);
  if (isConstant(b)) return addScaled(c, a, -b.constant);
  // p · (f · p) = 0
  return isZero(c) && ratio(a, b) !== undefined ? a : undefined;
}

function absorbLinear(branch: Branch, form: LinearForm, row: Row): Absorbed {
  if (isConstant(form)) return form.constant === 0n ? "done" : "contradiction";
  for (const [wire, coefficient] of form.terms) {
    if (branch.choices.has(wire) && form.terms.size > 1) continue;
    const rest = new Map(form.terms);
    rest.delete(wire);
    const definition = scale({ constant: form.constant, terms: rest }, mod(-inverse(coefficient)));
    return define(branch, wire, definition) ? "done" : "contradiction";
  }
  return absorbBounded(branch, form, row);
}

/** A sum of wires that have two values each. */
function absorbBounded(branch: Branch, form: LinearForm, row: Row): Absorbed {
  const narrowed = narrow(form, branch.choices);
  if (narrowed === undefined) return "contradiction";
  const isKnown = narrowed.decided.length === 0 && row.a === ZERO && row.b === ZERO && row.c === narrowed.form;
  for (const [wire, value] of narrowed.decided) if (!define(branch, wire, constantForm(value))) return "contradiction";
  return isKnown ? row : { a: ZERO, b: ZERO, c: narrowed.form };
}

/** A row that is no linear one: what it says of a single wire, else itself. */
function absorbProduct(branch: Branch, row: Row): Absorbed {
  const wires = wiresOf(row);
  if (wires.size !== 1) return row;
  const [wire] = wires;
  const [a1, b1, c1] = [row.a, row.b, row.c].map(({ terms }) => terms.get(wire) ?? 0n);
  const linear = a1 * row.b.constant + b1 * row.a.constant - c1;
  const roots = quadraticRoots(mod(a1 * b1), mod(linear), mod(row.a.constant * row.b.constant - row.c.constant));
  return restrict(branch, wire, roots) ? "done" : "contradiction";
}

/** Where square · x² + linear · x + constant = 0, square not being 0. */
function quadraticRoots(square: bigint, linear: bigint, constant: bigint): bigint[] {
  const half = inverse(2n * square);
  return squareRoots(mod(linear * linear - 4n * square * constant)).map((root) => mod((root - linear) * half));
}

/** Takes down that a wire has one of these values; false where it cannot. */
function restrict(branch: Branch, wire: number, values: readonly bigint[]): boolean {
  const known = branch.choices.get(wire);
  const possible = known === undefined ? values : known.filter((value) => values.includes(value));
  if (possible.length === 2) {
    branch.choices.set(wire, [possible[0], possible[1]]);
    return true;
  }
  return possible.length === 1 && define(branch, wire, constantForm(possible[0]));
}

/** Replaces a wire by a form; false where it is a constant that the wire cannot be. */
function define({ definitions, choices }: Branch, wire: number, form: LinearForm): boolean {
  const known = definitions.get(wire);
  if (known !== undefined) return isZero(addScaled(resolve(known, definitions), form, -1n));
  if (isConstant(form) && choices.has(wire) && !choices.get(wire)!.includes(form.constant)) return false;
  definitions.set(wire, form);
  return true;
}

/** Values for all wires: what nothing determines is drawn, so that it differs from what it should differ from. */
function complete(search: Search, { definitions, choices }: Branch): Map<number, bigint> | undefined {
  const { question } = search;
  const values = new Map<number, bigint>();
  const free = (wire: number): bigint => {
    const known = values.get(wire);
    if (known !== undefined) return known;
    const [value] = choices.get(wire) ?? [mod(BigInt(wire + 3) ** 97n)];
    values.set(wire, value);
    return value;
  };
  for (const wire of new Set(question.differ?.keys())) if (!definitions.has(wire)) free(wire);
  for (const [wire, definition] of definitions) {
    const form = resolve(definition, definitions);
    let sum = form.constant;
    for (const [inner, coefficient] of form.terms) sum += coefficient * free(inner);
    values.set(wire, mod(sum));
  }
  const differs = [...(question.differ ?? [])].some(([wire, honest]) => values.get(wire) !== honest);
  const isWitness = (question.differ === undefined || differs) && brokenRows(question.rows, values).length === 0;
  if (!isWitness) search.guessed = true;
  return isWitness ? values : undefined;
}

const fork = ({ rows, definitions, choices }: Branch, row: Row): Branch => ({
  rows: [row, ...rows],
  definitions: new Map(definitions),
  choices: new Map(choices),
});

const equal = (wire: number, value: bigint): Row => ({
  a: ZERO,
  b: ZERO,
  c: { constant: mod(-value), terms: new Map([[wire, 1n]]) },
});

/** Ways to go on, at least one of which holds a witness if there is one, unless they are guesses. */
function branchesOf(search: Search, branch: Branch): Branch[] {
  const choice = busiestChoice(branch);
  if (choice !== undefined && choice.uses > 2) return chooseEach(search, branch, choice.wire);
  const product = branch.rows.find(({ a, c }) => isZero(c) && !isConstant(a));
  if (product !== undefined) {
    const { a, b } = product;
    return [fork(branch, { a: ZERO, b: ZERO, c: a }), fork(branch, { a: ZERO, b: ZERO, c: b })];
  }
  if (choice !== undefined) return chooseEach(search, branch, choice.wire);
  return guess(search, branch);
}

/** The honest value last where something must differ: a lie is more often found among the others. */
function chooseEach({ question }: Search, branch: Branch, wire: number): Branch[] {
  const preferred = question.guesses?.get(wire);
  const values = [...branch.choices.get(wire)!];
  if (preferred !== undefined && values[0] !== preferred && question.differ === undefined) values.reverse();
  return values.map((value) => fork(branch, equal(wire, value)));
}

/** The wire of two values that stands in most rows; among equals, the last. */
function busiestChoice({ rows, choices }: Branch): { wire: number; uses: number } | undefined {
  let best: { wire: number; uses: number } | undefined;
  for (const [wire, uses] of usesIn(rows))
    if (choices.has(wire) && (best === undefined || uses >= best.uses)) best = { wire, uses };
  return best;
}

/** In how many rows each wire stands. */
function usesIn(rows: readonly Row[]): Map<number, number> {
  const uses = new Map<number, number>();
  for (const row of rows) for (const wire of wiresOf(row)) uses.set(wire, (uses.get(wire) ?? 0) + 1);
  return uses;
}

const wiresOf = ({ a, b, c }: Row): Set<number> => new Set([...a.terms.keys(), ...b.terms.keys(), ...c.terms.keys()]);

/**
 * Some values for a wire in the products of the fewest wires: that which stands in most of them, and of these the first,
 * as circom numbers components in their order. The others may follow from it.
 */
function guess(search: Search, branch: Branch): Branch[] {
  const sizes = branch.rows.map((row) => wiresOf(row).size);
  const fewest = sizes.reduce((least, size) => Math.min(least, size));
  const simplest = branch.rows.filter((_, index) => sizes[index] === fewest);
  const factors = new Set(simplest.flatMap(({ a, b }) => [...a.terms.keys(), ...b.terms.keys()]));
  const uses = usesIn(simplest);
  const [wire] = [...factors].sort((left, right) => uses.get(right)! - uses.get(left)! || left - right);
  search.guessed = true;
  const honest = search.question.guesses?.get(wire);
  const tries = honest === undefined ? [] : search.question.differ === undefined ? [honest] : [honest + 1n, honest];
  const values = new Set([...tries, 7n, 0n, 1n, SCALAR_ORDER - 1n].map((value) => mod(value)));
  return [...values].map((value) => fork(branch, equal(wire, value)));
}
