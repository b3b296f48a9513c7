import { InputError } from "../errors.ts";
import type { GraphNode } from "../ir/graph.ts";
import type { RealStep } from "../ir/realGraph.ts";
import { maskedElements } from "./maskedElements.ts";
import type { StepBuilder } from "./operators/operator.ts";
import { pickElements } from "./pickElements.ts";

/** A real program that grows: its steps so far, and the value that stands for each ONNX value. */
export interface Program {
  readonly steps: RealStep[];
  readonly values: Map<string, string>;
  /** Number of elements of each value of the program. */
  readonly sizes: Map<string, number>;
}

/** The step that makes a value; undefined where it is an input. */
export type MakerOf = (value: string) => RealStep | undefined;

/** A value that a step makes is named by the step's number. */
const STEP = "step ";

/**
 * A builder that appends steps of one node to a program. Its methods throw InputError where the node's constants give a
 * weight that is no finite number, such as the root of a negative variance.
 */
export function stepBuilder(
  { name }: Pick<GraphNode, "name">,
  { steps, values, sizes }: Program,
  usesOf: StepBuilder["usesOf"],
): StepBuilder {
  const append = (size: number, step: DistributiveOmit<RealStep, "name" | "output">): string => {
    const output = `${STEP}${steps.length}`;
    steps.push({ ...step, name, output });
    sizes.set(output, size);
    return output;
  };
  const makerOf: MakerOf = (value) => (value.startsWith(STEP) ? steps[Number(value.slice(STEP.length))] : undefined);
  const sizeOf = (value: string): number => sizes.get(value)!;
  const constant = (data: readonly number[]): string => {
    requireFinite(name, data);
    return append(data.length, { kind: "Constant", data });
  };
  const linear: StepBuilder["linear"] = (inputs, sums) => {
    [...sums.weights, sums.bias].forEach((numbers) => requireFinite(name, numbers));
    return append((sums.windows.length * sums.weights.length) / sums.groups, { kind: "Linear", inputs, ...sums });
  };
  const arrange: StepBuilder["arrange"] = (inputs, indices) => {
    const isWhole = inputs.length === 1 && indices.length === sizeOf(inputs[0]);
    const isIdentity = isWhole && indices.every((from, to) => from === to);
    return isIdentity ? inputs[0] : append(indices.length, { kind: "Arrange", inputs, indices });
  };
  const scale: StepBuilder["scale"] = (input, factors, offsets) => {
    [factors, offsets].forEach((numbers) => requireFinite(name, numbers));
    return append(sizeOf(input), { kind: "Scale", input, factors, offsets });
  };
  return {
    usesOf,
    sizeOf,
    maskedElements: (value) => maskedElements(makerOf, sizes, value),
    pick: (value, positions) => pickElements({ arrange, scale, sizeOf }, makerOf, value, positions),
    constant,
    linear,
    arrange,
    valueOf: ({ name: operand, constant: tensor }) =>
      tensor === undefined ? values.get(operand)! : constant(tensor.data),
    dense(input, batch, weights, bias) {
      const length = sizeOf(input) / batch;
      const windows = Array.from({ length: batch }, (_, row) => rangeFrom(row * length, length));
      const sums = linear([input], { groups: 1, windows, weights, bias });
      const transposed = rangeFrom(0, batch * bias.length).map(
        (index) => (index % bias.length) * batch + Math.floor(index / bias.length),
      );
      return arrange([sums], transposed);
    },
    scale,
    add(left, right, factors) {
      const length = sizeOf(left);
      const windows = rangeFrom(0, length).map((index) => [index, length + index]);
      return linear([left, right], { groups: 1, windows, weights: [factors], bias: [0] });
    },
    relu: (input) => append(sizeOf(input), { kind: "Relu", input }),
    apply: (input, fn) => append(sizeOf(input), { kind: "Apply", input, function: fn }),
    extreme: (which, inputs, windows) => append(windows.length, { kind: "Extreme", which, inputs, windows }),
    multiply: (left, right) => append(sizeOf(left), { kind: "Multiply", left, right }),
    divide: (numerator, denominator) => append(sizeOf(numerator), { kind: "Divide", numerator, denominator }),
    compare: (input, relation) => append(sizeOf(input), { kind: "Compare", input, relation }),
    select: (condition, whenTrue, whenFalse) =>
      append(sizeOf(condition), { kind: "Select", condition, whenTrue, whenFalse }),
    argMax: (input, batch) => append(batch, { kind: "ArgMax", input, batch }),
    oneHot: (input, size) => append(sizeOf(input) * size, { kind: "OneHot", input, size }),
    trees: (input, batch, base, trees) => append(batch * base.length, { kind: "Trees", input, batch, base, trees }),
  };
}

function requireFinite(node: string, numbers: readonly number[]): void {
  const wrong = numbers.findIndex((number) => !Number.isFinite(number));
  if (wrong === -1) return;
  throw new InputError(
    `node ${JSON.stringify(node)}: its constants make a weight ${numbers[wrong]}, want finite numbers`,
  );
}

const rangeFrom = (start: number, length: number): number[] => Array.from({ length }, (_, index) => start + index);

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;
