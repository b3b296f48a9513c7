import type { ApplyStep, LinearStep, RealFunction, RealGraph, RealStep } from "../ir/realGraph.ts";

/** A value whose element i is a function of element i of `base`, or a constant where there is no base. */
interface Elementwise {
  readonly base: string | undefined;
  readonly apply: (x: number) => number;
  /** Whether more than sums and products are in it, so that it needs a table anyway. */
  readonly isTable: boolean;
  readonly isMonotone: boolean;
}

/**
 * Makes one function of what exporters write as several: x · σ(x), 1 / (1 + exp(−x)), x/2 · (1 + erf(x/√2)) and the
 * like. One table then does the work of all, and nothing in between, like an exponential, needs a range of its own.
 */
export function fuseFunctions(graph: RealGraph, sizes: ReadonlyMap<string, number>): RealGraph {
  const known = new Map<string, Elementwise>();
  const entryOf = (value: string): Elementwise => known.get(value) ?? identity(value);
  const steps = graph.steps.map((step): RealStep => {
    const entry = elementwise(step, entryOf, sizes);
    if (entry === undefined) return step;
    known.set(step.output, entry);
    if (!entry.isTable || entry.base === undefined) return step;
    return fused(step, entry, entry.base);
  });
  return { ...graph, steps };
}

const identity = (base: string): Elementwise => ({ base, apply: (x) => x, isTable: false, isMonotone: true });

/** A function that stands alone keeps its name. */
function fused(step: RealStep, { apply, isMonotone }: Elementwise, base: string): ApplyStep {
  if (step.kind === "Apply" && step.input === base) return step;
  const fn: RealFunction = { name: "Composition", apply, isMonotone };
  return { kind: "Apply", name: step.name, output: step.output, input: base, function: fn };
}

/** What a step makes of one element; undefined for all that do something else, or are better done exactly. */
function elementwise(
  step: RealStep,
  entryOf: (value: string) => Elementwise,
  sizes: ReadonlyMap<string, number>,
): Elementwise | undefined {
  switch (step.kind) {
    case "Constant":
      return isEven(step.data) ? { ...identity(""), base: undefined, apply: () => step.data[0] } : undefined;
    case "Arrange": {
      const [only] = step.inputs.map(entryOf);
      return step.inputs.length === 1 && only.base === undefined ? only : undefined;
    }
    case "Scale": {
      const [factor, offset] = [step.factors[0], step.offsets[0]];
      if (!isEven(step.factors) || !isEven(step.offsets)) return undefined;
      return after(entryOf(step.input), (x) => factor * x + offset, false, factor >= 0);
    }
    case "Apply":
      return isExact(step)
        ? undefined
        : after(entryOf(step.input), step.function.apply, true, step.function.isMonotone);
    case "Multiply":
      return together(entryOf(step.left), entryOf(step.right), (x, y) => x * y);
    case "Divide":
      if (sizes.get(step.numerator) !== sizes.get(step.denominator)) return undefined;
      return together(entryOf(step.numerator), entryOf(step.denominator), (x, y) => x / y);
    case "Linear": {
      const [one, other] = pairOf(step, sizes) ?? [];
      if (one === undefined || other === undefined) return undefined;
      const [first, second] = step.weights[0];
      return together(entryOf(one), entryOf(other), (x, y) => first * x + second * y + step.bias[0]);
    }
    default:
      return undefined;
  }
}

/** Roots have a kernel of their own, and what jumps has to see its argument unscaled. */
const isExact = ({ function: { name, jumps } }: ApplyStep): boolean => name === "Sqrt" || jumps === true;

const isEven = (values: readonly number[]): boolean => values.every((value) => value === values[0]);

function after(
  { base, apply, isTable, isMonotone }: Elementwise,
  next: (x: number) => number,
  isTableNext: boolean,
  isMonotoneNext = false,
): Elementwise {
  return {
    base,
    apply: (x) => next(apply(x)),
    isTable: isTable || isTableNext,
    isMonotone: isMonotone && isMonotoneNext,
  };
}

/** Two functions of one value; undefined where they have different bases, or where no table would be needed. */
function together(
  one: Elementwise,
  other: Elementwise,
  join: (x: number, y: number) => number,
): Elementwise | undefined {
  const bases = new Set([one.base, other.base].filter((base) => base !== undefined));
  if (bases.size !== 1 || !(one.isTable || other.isTable)) return undefined;
  return { base: [...bases][0], apply: (x) => join(one.apply(x), other.apply(x)), isTable: true, isMonotone: false };
}

/** The two values that a Linear adds element by element. */
function pairOf(
  { inputs, windows, weights }: LinearStep,
  sizes: ReadonlyMap<string, number>,
): readonly string[] | undefined {
  const [one, other] = inputs;
  const size = sizes.get(one)!;
  const isPair = inputs.length === 2 && sizes.get(other) === size && weights.length === 1 && windows.length === size;
  const isAligned = isPair && windows.every(([first, second], index) => first === index && second === size + index);
  return isAligned && weights[0].length === 2 ? inputs : undefined;
}
