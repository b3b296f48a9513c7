import { SCALAR_ORDER, mod } from "../field.ts";

/** constant + Σ coefficient · wire over the scalar field; coefficients are in (0, r), the constant in [0, r). */
export interface LinearForm {
  readonly constant: bigint;
  readonly terms: ReadonlyMap<number, bigint>;
}

const NO_TERMS: ReadonlyMap<number, bigint> = new Map();

export const constantForm = (value: bigint): LinearForm => ({ constant: mod(value), terms: NO_TERMS });
export const wireForm = (wire: number): LinearForm => ({ constant: 0n, terms: new Map([[wire, 1n]]) });
export const ZERO = constantForm(0n);

export const isConstant = ({ terms }: LinearForm): boolean => terms.size === 0;
export const isZero = ({ constant, terms }: LinearForm): boolean => terms.size === 0 && constant === 0n;

/** left + factor · right. */
export function addScaled(left: LinearForm, right: LinearForm, factor: bigint): LinearForm {
  if (factor === 0n || isZero(right)) return left;
  const terms = new Map(left.terms);
  for (const [wire, coefficient] of right.terms) addTerm(terms, wire, coefficient * factor);
  return { constant: mod(left.constant + right.constant * factor), terms };
}

export const scale = (form: LinearForm, factor: bigint): LinearForm => addScaled(ZERO, form, factor);

/** Adds to the coefficient of a wire and drops it where the sum is 0. */
function addTerm(terms: Map<number, bigint>, wire: number, value: bigint): void {
  const sum = mod((terms.get(wire) ?? 0n) + value);
  if (sum === 0n) terms.delete(wire);
  else terms.set(wire, sum);
}

/** The form with every wire that `definitions` knows replaced, over and over; the same object where it knows none. */
export function resolve(form: LinearForm, definitions: ReadonlyMap<number, LinearForm>): LinearForm {
  let known = form;
  while (hasAny(known, definitions)) known = replaceAll(known, definitions);
  return known;
}

function hasAny({ terms }: LinearForm, definitions: ReadonlyMap<number, LinearForm>): boolean {
  for (const wire of terms.keys()) if (definitions.has(wire)) return true;
  return false;
}

function replaceAll({ constant, terms }: LinearForm, definitions: ReadonlyMap<number, LinearForm>): LinearForm {
  const replaced = new Map<number, bigint>();
  let sum = constant;
  for (const [wire, coefficient] of terms) {
    const definition = definitions.get(wire);
    if (definition === undefined) {
      addTerm(replaced, wire, coefficient);
      continue;
    }
    sum += coefficient * definition.constant;
    for (const [inner, factor] of definition.terms) addTerm(replaced, inner, coefficient * factor);
  }
  return { constant: mod(sum), terms: replaced };
}

/** The factor f with `form` = f · `base`, if there is one and `base` is not constant. */
export function ratio(form: LinearForm, base: LinearForm): bigint | undefined {
  if (isZero(form)) return 0n;
  const [first] = base.terms;
  if (first === undefined || form.terms.size !== base.terms.size) return undefined;
  const factor = mod((form.terms.get(first[0]) ?? 0n) * inverse(first[1]));
  return factor !== 0n && isZero(addScaled(form, base, -factor)) ? factor : undefined;
}

/** 1 / value for a value that is not 0, by Euclid's algorithm. */
export function inverse(value: bigint): bigint {
  let [rest, next, x, y] = [SCALAR_ORDER, mod(value), 0n, 1n];
  while (next !== 0n) {
    const quotient = rest / next;
    [rest, next] = [next, rest - quotient * next];
    [x, y] = [y, x - quotient * y];
  }
  return mod(x);
}

/** The integer of least magnitude that a residue stands for. */
export const signed = (residue: bigint): bigint => (residue > SCALAR_ORDER / 2n ? residue - SCALAR_ORDER : residue);

/** Square roots: none, one (of 0) or two. Tonelli and Shanks; r − 1 = 2^28 · odd. */
export function squareRoots(value: bigint): bigint[] {
  if (value === 0n) return [0n];
  if (power(value, (SCALAR_ORDER - 1n) / 2n) !== 1n) return [];
  let [odd, twos] = [SCALAR_ORDER - 1n, 0n];
  while (odd % 2n === 0n) [odd, twos] = [odd / 2n, twos + 1n];
  // 5 is no square modulo r.
  let [generator, root, rest] = [power(5n, odd), power(value, (odd + 1n) / 2n), power(value, odd)];
  while (rest !== 1n) {
    let order = 0n;
    for (let probe = rest; probe !== 1n; probe = mod(probe * probe)) order++;
    const factor = power(generator, 1n << (twos - order - 1n));
    [generator, twos] = [mod(factor * factor), order];
    [root, rest] = [mod(root * factor), mod(rest * generator)];
  }
  return [root, SCALAR_ORDER - root];
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = mod(base), left = exponent; left > 0n; left >>= 1n, square = mod(square * square))
    if (left & 1n) result = mod(result * square);
  return result;
}
