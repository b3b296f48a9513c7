import { InputError } from "../errors.ts";
import { mod } from "../field.ts";
import type { TableNode } from "../ir/integerGraph.ts";
import { requireIntegers } from "../ir/requireIntegers.ts";
import {
  ANYTHING,
  type Bounds,
  asGuarantee,
  boundsAt,
  greatestOf,
  hullOf,
  isConstant,
  leastOf,
  toInterval,
} from "./bounds.ts";
import { affineRows, constantFunction, matrixLiteral } from "./circomText.ts";
import { type Cost, type Interval, type Kernel, unbounded } from "./kernel.ts";
import { planFunction } from "./planFunction.ts";
import { type PolynomialPlan, planPolynomial } from "./planPolynomial.ts";

/** Most entries of a table. */
const MOST_ENTRIES = 1 << 12;

/**
 * Products that an element may cost more so that its result is bounded whatever a prover puts on the wires: sums of it
 * can then share rows, which is worth about a row a reader.
 */
const GUARANTEE_PRODUCTS = 3;

/** The integers low, low + 1, … that a circuit is made for, and the polynomial there. */
interface Plan {
  readonly low: bigint;
  readonly polynomial: PolynomialPlan;
}

/** Any function of an integer, as the polynomial through its values. */
export const table: Kernel<TableNode> = {
  operands: ({ input }) => [input],

  requireAttributes({ name, low, values }) {
    const where = `kernel ${name} (Table):`;
    requireIntegers(`${where} number of values`, [values.length], 2, MOST_ENTRIES);
    requireIntegers(`${where} value`, values);
    requireIntegers(`${where} low`, [low]);
    requireIntegers(`${where} last operand`, [low + (values.length - 1)]);
  },

  reference: (node, [input]) => input.map((value) => entryOf(node, value)),

  /** Exact. Throws InputError where an operand could be outside the table. */
  interval(node, [operand]) {
    const range = rangeFinder(BigInt(node.low), node.values.map(BigInt));
    const bounds = operand.low.map((_, index) => {
      const known = boundsAt(operand, index);
      entryOf(node, known.low);
      entryOf(node, known.high);
      return range(known);
    });
    return toInterval(bounds);
  },

  /** A polynomial is bounded where the operand is sure to be an integer that it was made for; a multiple is everywhere. */
  boundResult(node, operands, guaranteed) {
    const { low, polynomial } = planTable(node, operands[0], guaranteed[0]);
    const { values } = polynomial;
    const last = low + BigInt(values.length) - 1n;
    const range = rangeFinder(low, values);
    const slope = isAffine(polynomial) ? values[1] - values[0] : undefined;
    const results = table.interval(node, operands);
    const bounds = results.low.map((_, index): Bounds => {
      const known = boundsAt(guaranteed[0], index);
      const isMade = known.low >= low && known.high <= last;
      const result = boundsAt(results, index);
      if (isConstant(result)) return result;
      if (slope === undefined) return isMade ? range(known) : ANYTHING;
      const ends = [known.low, known.high].map((end) => values[0] + slope * (end - low));
      return asGuarantee({ low: leastOf(ends), high: greatestOf(ends) });
    });
    return toInterval(bounds);
  },

  /** A polynomial takes the same value at several places. */
  boundOperands: (_node, [{ low }]) => [unbounded(low.length)],

  copies(node, [operand]) {
    const { low, high } = table.interval(node, [operand]);
    const { low: first, polynomial } = planTable(node, operand, operand);
    const isCopy = isAffine(polynomial) && costOf(polynomial, first).linear === 0;
    return low.map((least, index) => (isCopy && least !== high[index] ? index : -1));
  },

  cost(node, [operand], { operands: [guaranteed] }) {
    const { low, polynomial } = planTable(node, operand, guaranteed);
    const { nonlinear, linear } = costOf(polynomial, low);
    const elements = varyingOf(table.interval(node, [operand])).length;
    return { nonlinear: elements * nonlinear, linear: elements * linear };
  },

  emit(node, [operand], { operands: [guaranteed] }) {
    const { output, input } = node;
    const results = table.interval(node, [operand]);
    const count = results.low.length;
    const { low, polynomial } = planTable(node, operand, guaranteed);
    const { babySteps, levels, scale, rows } = polynomial;
    const shape = [low, babySteps, levels, rows.length, scale].join(", ");
    const constants = results.low.map((least, index) => (least === results.high[index] ? [1, least] : [0, 0]));
    return {
      includes: ["Table.circom"],
      declarations:
        planFunction(`${output}_constants`, constants) +
        constantFunction(`${output}_coefficients`, matrixLiteral(rows)),
      statements: `signal ${output}[${count}] <== Table(${count}, ${output}_constants(), ${shape}, ${output}_coefficients())(${input});`,
    };
  },
};

function entryOf({ name, low, values }: TableNode, value: bigint): bigint {
  const index = value - BigInt(low);
  if (index >= 0n && index < BigInt(values.length)) return BigInt(values[Number(index)]);
  throw new InputError(
    `kernel ${name} (Table): operand ${value} is outside the table, want ${low} to ${low + values.length - 1}`,
  );
}

/** Bounds of the entries from one integer to another, entries being numbered from `low`; most elements ask for the same. */
function rangeFinder(low: bigint, entries: readonly bigint[]): (operand: Bounds) => Bounds {
  const found = new Map<string, Bounds>();
  return (operand) => {
    const key = `${operand.low} ${operand.high}`;
    const known = found.get(key);
    if (known !== undefined) return known;
    const values = entries.slice(Number(operand.low - low), Number(operand.high - low) + 1);
    const bounds = { low: leastOf(values), high: greatestOf(values) };
    found.set(key, bounds);
    return bounds;
  };
}

const varyingOf = (results: Interval): number[] =>
  [...results.low.keys()].filter((index) => !isConstant(boundsAt(results, index)));

/**
 * The domain and the polynomial of the elements that vary: the integers that admissible inputs give, or all that a
 * prover can give where that costs little more. Nothing needs to prove that an operand is one of them: the constraints
 * before this step make every operand what the program says.
 */
function planTable(node: TableNode, operand: Interval, guaranteed: Interval): Plan {
  const varying = varyingOf(table.interval(node, [operand]));
  if (varying.length === 0) return planDomain(node, { low: BigInt(node.low), high: BigInt(node.low + 1) });
  const proven = hullOf(varying.map((index) => boundsAt(operand, index)));
  const known = hullOf([proven, ...varying.map((index) => boundsAt(guaranteed, index))]);
  const least = planDomain(node, proven);
  if (isAffine(least.polynomial) || known.high - known.low >= BigInt(MOST_ENTRIES)) return least;
  const wide = planDomain(node, known);
  const extra = costOf(wide.polynomial, wide.low).nonlinear - costOf(least.polynomial, least.low).nonlinear;
  return extra <= GUARANTEE_PRODUCTS ? wide : least;
}

/** The table from one integer to another, its first and last value repeated outside. */
function planDomain({ low, values }: TableNode, { low: first, high: last }: Bounds): Plan {
  const entries = Array.from({ length: Number(last - first) + 1 }, (_, offset) => {
    const index = Number(first) - low + offset;
    return BigInt(values[Math.min(Math.max(index, 0), values.length - 1)]);
  });
  return { low: first, polynomial: planPolynomial(entries) };
}

const isAffine = ({ levels, rows }: PolynomialPlan): boolean => levels === 0 && rows.length === 1;

/** Constraints of one element, whose variable is the operand less `low`. */
function costOf(polynomial: PolynomialPlan, low: bigint): Cost {
  const { babySteps, levels, rows } = polynomial;
  const powers = babySteps - 1;
  if (levels > 0) return { nonlinear: powers + levels + (1 << levels) - 1, linear: 0 };
  if (!isAffine(polynomial)) return { nonlinear: powers + rows.length - 1, linear: 0 };
  const [constant, slope] = rows[0];
  return { nonlinear: 0, linear: affineRows([slope], mod(constant - slope * low)) };
}
