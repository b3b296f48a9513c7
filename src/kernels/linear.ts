import { InputError } from "../errors.ts";
import type { LinearNode } from "../ir/integerGraph.ts";
import { requireIntegers } from "../ir/requireIntegers.ts";
import { arrayLiteral, constantFunction, gather, matrixLiteral } from "./circomText.ts";
import { FIELD, type Guarantees, type Interval, type Kernel, unbounded } from "./kernel.ts";
import { OWN_ROW, countRows, packRows } from "./packRows.ts";
import { type Layout, firstNames, layoutOf, weightedSums } from "./weightedSums.ts";

/** Sums with constant weights: at most one linear constraint a sum, about a tenth where the readers bound the sums. */
export const linear: Kernel<LinearNode> = {
  operands: ({ inputs }) => inputs,

  requireAttributes(node) {
    const { groups, windows, weights, bias } = node;
    const where = `kernel ${node.name} (Linear):`;
    requireIntegers(`${where} groups`, [groups], 1);
    requireIntegers(`${where} number of windows`, [windows.length], 1);
    requireIntegers(`${where} number of filters`, [weights.length], 1);
    requireIntegers(`${where} number of taps`, [windows[0].length], 1);
    for (const window of windows) requireIntegers(`${where} window element`, window, -1);
    for (const filter of weights) requireIntegers(`${where} weight`, filter);
    requireIntegers(`${where} bias`, bias);
    requireMatching(node);
  },

  reference(node, operands) {
    const elements = operands.length === 1 ? operands[0] : operands.flat();
    return weightedSums(node, layoutOf(node, lengthsOf(operands)), elements, elements);
  },

  interval: (node, operands) => sumBounds(node, operands),

  /** A sum with a row of its own is what the row says; of a packed one, its row is left out of account. */
  boundResult(node, _, guaranteed, result) {
    const { low, high } = sumBounds(node, guaranteed);
    const exponents = planRows(node, { operands: guaranteed, result });
    return {
      low: low.map((least, index) => (exponents[index] === OWN_ROW ? least : -FIELD)),
      high: high.map((most, index) => (exponents[index] === OWN_ROW ? most : FIELD)),
    };
  },

  /** A copy is its operand; a longer sum says nothing of a single term. */
  boundOperands(node, operands, result) {
    const bounds = operands.map(({ low }) => unbounded(low.length));
    const places = operands.flatMap(({ low }, at) => low.map((_, index) => ({ at, index })));
    for (const [index, source] of sourcesOf(node, lengthsIn(operands)).entries()) {
      if (source < 0) continue;
      const { at, index: element } = places[source];
      const { low, high } = bounds[at];
      if (result.low[index] > low[element]) low[element] = result.low[index];
      if (result.high[index] < high[element]) high[element] = result.high[index];
    }
    return bounds;
  },

  copies: (node, operands) => Array.from(sourcesOf(node, lengthsIn(operands)), (source) => Math.max(source, -1)),

  cost(node, operands, guarantees) {
    const sources = sourcesOf(node, lengthsIn(operands));
    return { nonlinear: 0, linear: countRows(planRows(node, guarantees), (index) => sources[index] === SUM) };
  },

  emit(node, operands, guarantees) {
    const { output, inputs, groups, windows, weights, bias } = node;
    const lengths = lengthsIn(operands);
    const parts = partsOf(weights);
    const tables = {
      windows: matrixLiteral(windows),
      parts: arrayLiteral(parts.indices),
      weights: matrixLiteral(parts.weights),
      bias: arrayLiteral(bias),
      exponents: arrayLiteral(planRows(node, guarantees)),
    };
    const parameters = [
      lengths.reduce((sum, length) => sum + length, 0),
      groups,
      windows.length / groups,
      weights.length / groups,
      windows[0].length,
      parts.weights[0].length,
      ...Object.keys(tables).map((name) => `${output}_${name}()`),
    ];
    const count = (windows.length / groups) * weights.length;
    const source = inputs.length === 1 ? inputs[0] : `${output}_in`;
    return {
      includes: ["Linear.circom"],
      declarations: Object.entries(tables)
        .map(([name, literal]) => constantFunction(`${output}_${name}`, literal))
        .join(""),
      statements: [
        ...(inputs.length === 1 ? [] : gather(source, inputs, lengths)),
        `signal ${output}[${count}] <== Linear(${parameters.join(", ")})(${source});`,
      ].join("\n"),
    };
  },
};

/** Taps with one weight in every filter are one part: the part of each tap, and the filters with a weight a part. */
function partsOf(weights: LinearNode["weights"]): { indices: number[]; weights: number[][] } {
  const known = new Map<string, number>();
  const firstTaps: number[] = [];
  const indices = weights[0].map((_, tap) => {
    const column = weights.map((filter) => filter[tap]).join();
    const part = known.get(column) ?? firstTaps.push(tap) - 1;
    known.set(column, part);
    return part;
  });
  return { indices, weights: weights.map((filter) => firstTaps.map((tap) => filter[tap])) };
}

function requireMatching({ name, groups, windows, weights, bias }: LinearNode): void {
  const taps = windows[0].length;
  const isEven = windows.length % groups === 0 && weights.length % groups === 0;
  const isRagged = [...windows, ...weights].some((row) => row.length !== taps);
  if (isEven && !isRagged && bias.length === weights.length) return;
  throw new InputError(
    `kernel ${name} (Linear): got ${windows.length} windows of ${taps} taps, ${weights.length} filters and ` +
      `${bias.length} biases in ${groups} groups, want equal groups, one weight a tap and one bias a filter`,
  );
}

const lengthsOf = (operands: readonly (readonly bigint[])[]): number[] => operands.map(({ length }) => length);
const lengthsIn = (operands: readonly Interval[]): number[] => operands.map(({ low }) => low.length);

/** Bounds of all sums, exact for elements that vary independently. */
function sumBounds(node: LinearNode, operands: readonly Interval[]): Interval {
  const layout = layoutOf(node, lengthsIn(operands));
  const low = operands.flatMap((operand) => operand.low);
  const high = operands.flatMap((operand) => operand.high);
  if (!layout.repeats)
    return { low: weightedSums(node, layout, low, high), high: weightedSums(node, layout, high, low) };
  const sums = allTerms(node, layout, lengthsIn(operands));
  const bound = (lower: readonly bigint[], upper: readonly bigint[]): bigint[] =>
    sums.map(({ bias, terms }) =>
      [...terms].reduce((sum, [index, weight]) => sum + weight * (weight < 0n ? upper : lower)[index], bias),
    );
  return { low: bound(low, high), high: bound(high, low) };
}

/** What output elements are: a sum of its own, a constant, or else the copy of an element of the inputs. */
const SUM = -1;
const CONSTANT = -2;

/** For every output element SUM, CONSTANT or the element that it copies: circom merges a signal with its copy or constant. */
function sourcesOf(node: LinearNode, lengths: readonly number[]): Int32Array {
  const layout = layoutOf(node, lengths);
  if (layout.repeats)
    return Int32Array.from(allTerms(node, layout, lengths), ({ bias, terms }) => sourceOf([...terms.entries()], bias));
  const { windows, taps, windowsPerGroup, filtersPerGroup, length } = layout;
  const sources = new Int32Array(node.weights.length * windowsPerGroup);
  for (const [row, filter] of node.weights.entries()) {
    const present = [...filter.keys()].filter((tap) => filter[tap] !== 0);
    const firstWindow = Math.floor(row / filtersPerGroup) * windowsPerGroup;
    for (let w = 0; w < windowsPerGroup; w++) {
      const terms: [number, bigint][] = [];
      for (let at = 0; at < present.length && terms.length < 2; at++) {
        const index = windows[(firstWindow + w) * taps + present[at]];
        if (index < length) terms.push([index, BigInt(filter[present[at]])]);
      }
      sources[row * windowsPerGroup + w] = sourceOf(terms, BigInt(node.bias[row]));
    }
  }
  return sources;
}

function sourceOf(terms: readonly (readonly [index: number, weight: bigint])[], bias: bigint): number {
  if (terms.length === 0) return CONSTANT;
  return terms.length === 1 && terms[0][1] === 1n && bias === 0n ? terms[0][0] : SUM;
}

/** Every sum with the weights of one element added up. */
function allTerms(
  { inputs, weights, bias }: LinearNode,
  layout: Layout,
  lengths: readonly number[],
): { bias: bigint; terms: Map<number, bigint> }[] {
  const { windows, taps, windowsPerGroup, filtersPerGroup, length } = layout;
  const first = firstNames({ inputs }, lengths);
  return weights.flatMap((filter, row) =>
    Array.from({ length: windowsPerGroup }, (_, w) => {
      const terms = new Map<number, bigint>();
      const start = (Math.floor(row / filtersPerGroup) * windowsPerGroup + w) * taps;
      for (const [tap, weight] of filter.entries()) {
        if (windows[start + tap] === length) continue;
        const element = first[windows[start + tap]];
        terms.set(element, (terms.get(element) ?? 0n) + BigInt(weight));
      }
      return { bias: BigInt(bias[row]), terms: new Map([...terms].filter(([, weight]) => weight !== 0n)) };
    }),
  );
}

/** The exponents of packed sums; see circuits/lib/Linear.circom. */
function planRows(node: LinearNode, { operands, result }: Omit<Guarantees, "wires">): number[] {
  const sources = sourcesOf(node, lengthsIn(operands));
  return packRows(sumBounds(node, operands), result, (index) => sources[index] === SUM);
}
