import { SCALAR_ORDER, mod } from "../field.ts";

/** Steps of Horner's scheme with factors below 2^13 between two reductions: numbers stay below 2^500. */
const LAZY_STEPS = 16;

/**
 * Coefficients, lowest first, of the polynomial p of least degree over the scalar field with p(i) = values[i], i from 0.
 * The highest is not 0, except in the polynomial [0]. Quadratic in the number of values.
 */
export function interpolate(values: readonly bigint[]): bigint[] {
  const newton = newtonCoefficients(values);
  const degree = newton.length - 1;
  const coefficients = [newton[degree]];
  for (let node = degree - 1; node >= 0; node--) {
    multiplyByLinear(coefficients, BigInt(node));
    coefficients[0] += newton[node];
    if (node % LAZY_STEPS === 0) coefficients.forEach((value, index) => (coefficients[index] = value % SCALAR_ORDER));
  }
  return coefficients.map((value) => mod(value));
}

/** Replaces p(x) by (x − root) · p(x), without a reduction. */
function multiplyByLinear(coefficients: bigint[], root: bigint): void {
  coefficients.push(coefficients[coefficients.length - 1]);
  for (let power = coefficients.length - 2; power >= 1; power--) {
    coefficients[power] = coefficients[power - 1] - root * coefficients[power];
  }
  coefficients[0] *= -root;
}

/** c with p(x) = Σ c[k] · x · (x − 1) ⋯ (x − k + 1): the k-th forward difference at 0 over k!. */
function newtonCoefficients(values: readonly bigint[]): bigint[] {
  const differences = leadingDifferences(values.map((value) => mod(value)));
  let factorial = 1n;
  for (let k = 2; k < differences.length; k++) factorial = (factorial * BigInt(k)) % SCALAR_ORDER;
  let inverse = invert(factorial);
  for (let k = differences.length - 1; k >= 1; k--) {
    differences[k] = (differences[k] * inverse) % SCALAR_ORDER;
    inverse = (inverse * BigInt(k)) % SCALAR_ORDER;
  }
  return differences;
}

/** The forward differences at 0 up to the order from which on all are 0; `row` is used up. */
function leadingDifferences(row: bigint[]): bigint[] {
  const leading = [row[0]];
  for (let length = row.length - 1; length > 0; length--) {
    let areAllZero = true;
    for (let index = 0; index < length; index++) {
      const difference = row[index + 1] - row[index];
      if (difference !== 0n) areAllZero = false;
      row[index] = difference < 0n ? difference + SCALAR_ORDER : difference;
    }
    if (areAllZero) break;
    leading.push(row[0]);
  }
  return leading;
}

/** 1 / value by Fermat. */
export function invert(value: bigint): bigint {
  let [result, base] = [1n, value];
  for (let exponent = SCALAR_ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % SCALAR_ORDER;
    base = (base * base) % SCALAR_ORDER;
  }
  return result;
}

/**
 * Rows of a tree that computes a polynomial of degree babySteps · (2^(levels+1) − 1) with the leading coefficient 1 in
 * few products (Paterson and Stockmeyer 1973, with preprocessing). `coefficients` are lowest first. Row i − 1 is node i,
 * whose children are 2i and 2i + 1. A node above the leaves at height h, n = babySteps, is
 *
 *     node = (x^(n · 2^h) + Σⱼ row[j] · x^j) · child₁ + child₂,
 *
 * and a leaf is x^n + Σⱼ row[j] · x^j, j < n. Every polynomial f of degree n · (2p − 1), p = 2^h, has this form:
 * f = x^(np) · q + r cuts it, q having the degree n · (p − 1); r − x^(n(p−1)) = c · q + s divides the rest, where c has a
 * degree below n because r has one below np; so f = (x^(np) + c) · q + (x^(n(p−1)) + s), and both q and x^(n(p−1)) + s
 * have the leading coefficient 1 and the degree of the children.
 */
export function splitMonic(coefficients: readonly bigint[], babySteps: number, levels: number): bigint[][] {
  const rows: bigint[][] = [];
  const visit = (node: number, polynomial: readonly bigint[], height: number): void => {
    if (height === 0) {
      rows[node - 1] = polynomial.slice(0, babySteps);
      return;
    }
    const cut = babySteps << height;
    const quotient = polynomial.slice(cut);
    const rest = polynomial.slice(0, cut);
    const degree = quotient.length - 1;
    rest[degree] = mod(rest[degree] - 1n);
    rows[node - 1] = divideByMonic(rest, quotient);
    visit(2 * node, quotient, height - 1);
    visit(2 * node + 1, [...rest.slice(0, degree), 1n], height - 1);
  };
  visit(1, coefficients, levels);
  return rows;
}

/** The quotient by a divisor with the leading coefficient 1; `dividend` becomes the remainder. */
function divideByMonic(dividend: bigint[], divisor: readonly bigint[]): bigint[] {
  const degree = divisor.length - 1;
  const quotient = Array<bigint>(dividend.length - degree);
  for (let power = quotient.length - 1; power >= 0; power--) {
    const factor = dividend[power + degree];
    quotient[power] = factor;
    for (const [index, coefficient] of divisor.entries()) {
      dividend[power + index] = mod(dividend[power + index] - factor * coefficient);
    }
  }
  return quotient;
}
