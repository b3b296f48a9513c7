import { SCALAR_ORDER, mod } from "../field.ts";
import { type LinearForm, inverse, scale, signed } from "./linearForm.ts";

type Choices = ReadonlyMap<number, readonly [bigint, bigint]>;

/** A multiple of a form that is to be 0, and the wires whose value its bounds decide. */
interface Narrowed {
  readonly form: LinearForm;
  readonly decided: readonly (readonly [wire: number, value: bigint])[];
}

/** Wider coefficients than this leave bounds that hold multiples of the field's order anyway. */
const WIDE = SCALAR_ORDER >> 16n;

/**
 * A sum of wires that have two values each and that must be 0 modulo the field's order: as an integer it lies between
 * bounds, so it can be 0 only where a multiple of the order does. Undefined where none does.
 */
export function narrow(form: LinearForm, choices: Choices): Narrowed | undefined {
  const small = shrink(form);
  const ranges = [...small.terms].map(([wire, coefficient]) => {
    const products = choices.get(wire)!.map((value) => signed(coefficient) * signed(value));
    return { wire, products, low: lesser(products), high: greater(products) };
  });
  const low = ranges.reduce((sum, range) => sum + range.low, signed(small.constant));
  const high = ranges.reduce((sum, range) => sum + range.high, signed(small.constant));
  if (!holdsMultiple(low, high)) return undefined;
  const decided: [number, bigint][] = [];
  for (const range of ranges) {
    const possible = [0, 1].filter((index) => {
      const product = range.products[index];
      return holdsMultiple(low - range.low + product, high - range.high + product);
    });
    if (possible.length === 0) return undefined;
    if (possible.length === 1) decided.push([range.wire, choices.get(range.wire)![possible[0]]]);
  }
  return { form: small, decided };
}

const lesser = ([left, right]: readonly bigint[]): bigint => (left < right ? left : right);
const greater = ([left, right]: readonly bigint[]): bigint => (left > right ? left : right);

/** Whether a multiple of the field's order lies between two integers. */
function holdsMultiple(low: bigint, high: bigint): boolean {
  const quotient = high / SCALAR_ORDER - (high < 0n && high % SCALAR_ORDER !== 0n ? 1n : 0n);
  return quotient * SCALAR_ORDER >= low;
}

/** The multiple of a form whose greatest coefficient is least, among those that make some coefficient 1, or the form. */
function shrink(form: LinearForm): LinearForm {
  let [best, width] = [form, widthOf(form)];
  if (width < WIDE) return form;
  for (const coefficient of new Set(form.terms.values())) {
    const scaled = scale(form, inverse(coefficient));
    const scaledWidth = widthOf(scaled);
    if (scaledWidth < width) [best, width] = [scaled, scaledWidth];
    const doubled = scale(form, mod(2n * inverse(coefficient)));
    const doubledWidth = widthOf(doubled);
    if (doubledWidth < width) [best, width] = [doubled, doubledWidth];
  }
  return best;
}

function widthOf({ terms }: LinearForm): bigint {
  let most = 0n;
  for (const coefficient of terms.values()) {
    const value = signed(coefficient);
    const magnitude = value < 0n ? -value : value;
    if (magnitude > most) most = magnitude;
  }
  return most;
}
