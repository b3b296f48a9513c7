import { elementCount } from "../../codec/codec.ts";
import { type RealGraph, type RealStep, type RealTree, operandsOf } from "../../ir/realGraph.ts";

/**
 * What is wrong with a real program, if anything: a value that does not exist, a position outside of one, a number that is
 * none, parts whose sizes do not agree, an output with another number of elements than its shape says. Nothing later looks
 * for these again.
 */
export function flawOfProgram({ inputs, steps, outputs }: RealGraph): string | undefined {
  const sizes = new Map(inputs.map(({ value, shape }) => [value, elementCount(shape)]));
  for (const step of steps) {
    const operands = operandsOf(step).map((name) => sizes.get(name));
    const flaw = operands.includes(undefined) ? "an operand does not exist" : flawOfStep(step, operands as number[]);
    if (flaw !== undefined) return `${step.kind}: ${flaw}`;
    sizes.set(step.output, sizeOf(step, operands as number[]));
  }
  const wrong = outputs.find(({ shape, from }) => sizes.get(from) !== elementCount(shape));
  return wrong && `an output has ${sizes.get(wrong.from)} elements, its shape ${elementCount(wrong.shape)}`;
}

function sizeOf(step: RealStep, [size]: readonly number[]): number {
  switch (step.kind) {
    case "Linear":
      return (step.windows.length * step.weights.length) / step.groups;
    case "Extreme":
      return step.windows.length;
    case "Arrange":
      return step.indices.length;
    case "Constant":
      return step.data.length;
    case "ArgMax":
      return step.batch;
    case "OneHot":
      return size * step.size;
    case "Trees":
      return step.batch * step.base.length;
    default:
      return size;
  }
}

const areNumbers = (numbers: readonly number[]): boolean => numbers.every(Number.isFinite);

const arePositions = (positions: readonly number[], size: number, least = 0): boolean =>
  positions.every((position) => Number.isSafeInteger(position) && position >= least && position < size);

/** What a step asks of its operands, whose numbers of elements are given. */
function flawOfStep(step: RealStep, operands: readonly number[]): string | undefined {
  const [size] = operands;
  const all = operands.reduce((sum, count) => sum + count, 0);
  const agree = operands.every((count) => count === size);
  switch (step.kind) {
    case "Linear":
      return flawOfSums(step, all);
    case "Scale":
      if (!areNumbers([...step.factors, ...step.offsets])) return "a factor is no number";
      return step.factors.length === step.offsets.length && size % step.factors.length === 0
        ? undefined
        : "factors do not fit";
    case "Extreme":
      return step.windows.every((window) => window.length > 0 && arePositions(window, all))
        ? undefined
        : "a window does not fit";
    case "Arrange":
      return arePositions(step.indices, all) ? undefined : "an index does not fit";
    case "Multiply":
    case "Select":
      return agree ? undefined : "operands do not fit";
    case "Divide":
      return size % operands[1] === 0 ? undefined : "operands do not fit";
    case "Constant":
      return areNumbers(step.data) ? undefined : "an element is no number";
    case "ArgMax":
      return step.batch > 0 && size > 0 && size % step.batch === 0 ? undefined : "rows do not fit";
    case "OneHot":
      return Number.isSafeInteger(step.size) && step.size > 0 ? undefined : "its size is none";
    case "Trees":
      return flawOfTrees(step, size);
    default:
      return undefined;
  }
}

function flawOfSums(step: RealStep & { kind: "Linear" }, all: number): string | undefined {
  const { groups, windows, weights, bias } = step;
  if (windows.length % groups !== 0 || weights.length % groups !== 0) return "groups do not fit";
  if (bias.length !== weights.length) return "bias does not fit";
  if (!areNumbers(bias) || !weights.every(areNumbers)) return "a weight is no number";
  const lengths = new Set([...windows, ...weights].map(({ length }) => length));
  if (lengths.size > 1) return "windows and weights do not fit";
  return windows.every((window) => arePositions(window, all, -1)) ? undefined : "a window does not fit";
}

function flawOfTrees(
  { batch, base, trees }: Pick<RealStep & { kind: "Trees" }, "batch" | "base" | "trees">,
  size: number,
): string | undefined {
  if (size % batch !== 0) return "rows do not fit";
  if (base.length === 0 || !areNumbers(base)) return "base does not fit";
  const fits = (tree: RealTree): boolean =>
    "add" in tree
      ? tree.add.length === base.length && areNumbers(tree.add)
      : arePositions([tree.feature], size / batch) &&
        Number.isFinite(tree.threshold) &&
        fits(tree.yes) &&
        fits(tree.no);
  return trees.every(fits) ? undefined : "a tree does not fit";
}
