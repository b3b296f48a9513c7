import { MAX_ELEMENT_BITS } from "../codec/codec.ts";
import { InputError } from "../errors.ts";
import type { ExtremeNode } from "../ir/integerGraph.ts";
import { requireIntegers } from "../ir/requireIntegers.ts";
import { ANYTHING, type Bounds, asGuarantee, boundsAt, greatestOf, hullOf, leastOf, toInterval } from "./bounds.ts";
import { arrayLiteral, constantFunction, gather, matrixLiteral } from "./circomText.ts";
import { FIELD, type Interval, type Kernel } from "./kernel.ts";
import { type ExtremePlan, greaterOf, planExtremes } from "./planExtremes.ts";

/** Greatest or least elements of windows, pair by pair; windows share the pairs that they have in common. */
export const extreme: Kernel<ExtremeNode> = {
  operands: ({ inputs }) => inputs,

  requireAttributes({ name, which, inputs, windows }) {
    const where = `kernel ${name} (Extreme):`;
    if (which !== "max" && which !== "min") throw new InputError(`${where} which ${which}: want max or min`);
    requireIntegers(`${where} number of inputs`, [inputs.length], 1);
    requireIntegers(`${where} number of windows`, [windows.length], 1);
    for (const window of windows) {
      requireIntegers(`${where} number of elements in a window`, [window.length], 1);
      requireIntegers(`${where} element`, window, 0);
    }
  },

  reference: (node, operands) => overWindows(node, operands.flat()),

  /** Exact for independent elements. */
  interval: (node, operands) => ({
    low: overWindows(
      node,
      operands.flatMap(({ low }) => low),
    ),
    high: overWindows(
      node,
      operands.flatMap(({ high }) => high),
    ),
  }),

  /**
   * m of a pair is a or b, whatever they are. Where a − b is so small that the check of the difference is one of
   * integers, m is the greater.
   */
  boundResult(node, operands, guaranteed) {
    const { constants, pairs, results } = planOf(node, operands);
    const nodes = [...towardsMax(node, guaranteed), ...constants.map(asBounds)];
    for (const { left, right, width } of pairs) nodes.push(boundPair(nodes[left], nodes[right], width));
    return toInterval(results.map((result) => orient(node, nodes[result])));
  },

  /** One of a and b is m, and the other is m less a number of `width` bits. */
  boundOperands(node, operands, result) {
    const { constants, pairs, results } = planOf(node, operands);
    const count = lengthOf(operands);
    const nodes = Array<Bounds>(count + constants.length + pairs.length).fill(ANYTHING);
    const narrow = (index: number, { low, high }: Bounds): void => {
      nodes[index] = { low: greatestOf([nodes[index].low, low]), high: leastOf([nodes[index].high, high]) };
    };
    for (const [window, index] of results.entries()) narrow(index, orient(node, boundsAt(result, window)));
    for (const [index, { left, right, width }] of [...pairs.entries()].reverse()) {
      const { low, high } = nodes[count + constants.length + index];
      const bounds = asGuarantee({ low: low - (1n << BigInt(width)) + 1n, high });
      narrow(left, bounds);
      narrow(right, bounds);
    }
    const elements = nodes.slice(0, count).map((bounds) => orient(node, bounds));
    let start = 0;
    return operands.map(({ low }) => toInterval(elements.slice(start, (start += low.length))));
  },

  copies(node, operands) {
    const count = lengthOf(operands);
    return planOf(node, operands).results.map((result) => (result < count ? result : -1));
  },

  cost: (node, operands) => ({
    nonlinear: planOf(node, operands).pairs.reduce((sum, { width }) => sum + width + 1, 0),
    linear: 0,
  }),

  emit(node, operands) {
    const { output, inputs, which } = node;
    const { constants, pairs, results } = planOf(node, operands);
    const lengths = operands.map(({ low }) => low.length);
    const count = lengthOf(operands);
    // An array without elements is no circom literal: a row that is not read stands for none.
    const rows = pairs.length === 0 ? [[0, 0, 1]] : pairs.map(({ left, right, width }) => [left, right, width]);
    const own = constants.length === 0 ? [0n] : constants.map((value) => orient(node, asBounds(value)).low);
    const parameters = [
      count,
      constants.length,
      `${output}_constants()`,
      pairs.length,
      `${output}_pairs()`,
      results.length,
      `${output}_results()`,
      which === "max" ? 1 : -1,
    ];
    const source = inputs.length === 1 ? inputs[0] : `${output}_in`;
    return {
      includes: ["Extreme.circom"],
      declarations: [
        constantFunction(`${output}_constants`, arrayLiteral(own)),
        constantFunction(`${output}_pairs`, matrixLiteral(rows)),
        constantFunction(`${output}_results`, arrayLiteral(results)),
      ].join(""),
      statements: [
        ...(inputs.length === 1 ? [] : gather(source, inputs, lengths)),
        `signal ${output}[${results.length}] <== Extreme(${parameters.join(", ")})(${source});`,
      ].join("\n"),
    };
  },
};

const lengthOf = (operands: readonly Interval[]): number => operands.reduce((sum, { low }) => sum + low.length, 0);

const asBounds = (value: bigint): Bounds => ({ low: value, high: value });

function overWindows({ name, which, windows }: ExtremeNode, elements: readonly bigint[]): bigint[] {
  const pick = which === "max" ? greatestOf : leastOf;
  return windows.map((window) => {
    const wrong = window.find((index) => index >= elements.length);
    if (wrong === undefined) return pick(window.map((index) => elements[index]));
    throw new InputError(
      `kernel ${name} (Extreme): element ${wrong} is out of range, want 0 to ${elements.length - 1}`,
    );
  });
}

/** The least of several numbers is the greatest of their negatives, so that a plan knows greatest elements only. */
const orient = ({ which }: ExtremeNode, { low, high }: Bounds): Bounds =>
  which === "max" ? { low, high } : { low: -high, high: -low };

const towardsMax = (node: ExtremeNode, operands: readonly Interval[]): Bounds[] =>
  operands.flatMap((operand) => operand.low.map((_, index) => orient(node, boundsAt(operand, index))));

/** What the constraints of a pair say of m, for a and b inside their bounds. */
function boundPair(left: Bounds, right: Bounds, width: number): Bounds {
  const either = hullOf([left, right]);
  const isIntegral = either.high - either.low + (1n << BigInt(width)) <= FIELD;
  return isIntegral ? greaterOf(left, right) : either;
}

/** The last plan by windows: bounds, cost and text of one step are asked for one after another. */
const PLANS = new WeakMap<
  ExtremeNode["windows"],
  { which: string; operands: readonly Interval[]; plan: ExtremePlan }
>();

function planOf(node: ExtremeNode, operands: readonly Interval[]): ExtremePlan {
  const last = PLANS.get(node.windows);
  const isSame = last?.which === node.which && last.operands.length === operands.length;
  if (isSame && operands.every((operand, index) => operand === last.operands[index])) return last.plan;
  const plan = makePlan(node, operands);
  PLANS.set(node.windows, { which: node.which, operands: [...operands], plan });
  return plan;
}

/** Throws InputError where a difference has too many bits. */
function makePlan(node: ExtremeNode, operands: readonly Interval[]): ExtremePlan {
  const plan = planExtremes(node.windows, towardsMax(node, operands));
  const widest = plan.pairs.reduce((most, { width }) => Math.max(most, width), 0);
  if (widest <= MAX_ELEMENT_BITS) return plan;
  throw new InputError(
    `kernel ${node.name} (Extreme): a difference takes ${widest} bits, want at most ${MAX_ELEMENT_BITS}`,
  );
}
