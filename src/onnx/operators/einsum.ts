import { type Labelled, type Sizes, contracted, reduced } from "./contraction.ts";
import { type Call, OPSETS, type Operator, nodeError, operandAt } from "./operator.ts";
import { upTo } from "./positions.ts";
import { stridesOf } from "./shapes.ts";

/** Einstein's summation: products of the operands' elements, summed over the labels that the output does not name. */
export const einsum: Operator = {
  name: "Einsum",
  opsets: { from: 12, to: OPSETS.to },
  arity: [1, 16],
  attributes: ["equation"],
  infer(call) {
    const { sizes, output } = parsed(call);
    return [{ type: operandAt(call, 0).type, shape: output.map((label) => sizes.get(label)!) }];
  },
  products: (call) => (call.operands.length < 2 ? 0 : [...parsed(call).sizes.values()].reduce((a, b) => a * b, 1)),
  lower(call, builder) {
    const { terms, sizes, output } = parsed(call);
    const tensors = terms.map((labels, index) => labelledOperand(call, index, labels, sizes, builder.valueOf));
    const neededAfter = (index: number) => new Set([...output, ...terms.slice(index + 1).flat()]);
    const product = tensors.reduce((left, right, index) => contracted(builder, left, right, sizes, neededAfter(index)));
    return [reduced(builder, product, sizes, output)];
  },
};

interface Equation {
  /** Labels of each operand's axes. */
  readonly terms: readonly (readonly string[])[];
  readonly output: readonly string[];
  readonly sizes: Sizes;
}

function parsed(call: Call): Equation {
  const equation = String(call.node.attributes.get("equation") ?? "").replaceAll(" ", "");
  const [left, right, ...rest] = equation.split("->");
  const texts = left.split(",");
  if (rest.length > 0 || texts.length !== call.operands.length || !/^[A-Za-z.,>-]*$/.test(equation))
    throw nodeError(
      call,
      `attribute equation ${JSON.stringify(equation)} does not fit ${call.operands.length} operands`,
    );
  const terms = texts.map((text, index) => labelsOf(call, text, operandAt(call, index).shape.length));
  const sizes = sizesOf(call, terms);
  const dots = [...sizes.keys()]
    .filter((label) => label.length > 1)
    .toSorted()
    .toReversed();
  const output =
    right === undefined ? implied(terms, dots) : labelsIn(right).flatMap((label) => (label === "..." ? dots : label));
  if (new Set(output).size === output.length && output.every((label) => sizes.has(label)))
    return { terms, sizes, output };
  throw nodeError(
    call,
    `attribute equation ${JSON.stringify(equation)}: the output repeats a label or has one of its own`,
  );
}

const labelsIn = (text: string): string[] => text.match(/\.\.\.|[A-Za-z]/g) ?? [];

/** Labels of an operand's axes; those of an ellipsis are "…0" for its last axis, "…1" for the one before, and so on. */
function labelsOf(call: Call, text: string, rank: number): string[] {
  const labels = labelsIn(text);
  const hidden = rank - labels.filter((label) => label !== "...").length;
  const dots = upTo(Math.max(hidden, 0)).map((index) => `…${String.fromCharCode(48 + hidden - 1 - index)}`);
  const result = labels.flatMap((label) => (label === "..." ? dots : label));
  if (result.length === rank && labels.filter((label) => label === "...").length <= 1) return result;
  throw nodeError(call, `attribute equation: ${JSON.stringify(text)} does not fit an operand of ${rank} dimensions`);
}

/** The size of each label: the one that is not 1, where there is one. */
function sizesOf(call: Call, terms: Equation["terms"]): Map<string, number> {
  const sizes = new Map<string, number>();
  terms.forEach((labels, index) =>
    labels.forEach((label, axis) => {
      const size = operandAt(call, index).shape[axis];
      const known = sizes.get(label) ?? 1;
      if (known !== 1 && size !== 1 && known !== size)
        throw nodeError(call, `attribute equation: label ${label} is of size ${known} and ${size}`);
      sizes.set(label, known === 1 ? size : known);
    }),
  );
  return sizes;
}

/** Without "->" the output has the ellipsis and every label that occurs once, in alphabetical order. */
function implied(terms: Equation["terms"], dots: readonly string[]): string[] {
  const all = terms.flat().filter((label) => label.length === 1);
  const once = all.filter((label) => all.indexOf(label) === all.lastIndexOf(label));
  return [...dots, ...once.toSorted()];
}

/** Axes of the same label run together: their diagonal. An axis of size 1 along a longer label repeats. */
function labelledOperand(
  call: Call,
  index: number,
  labels: readonly string[],
  sizes: Sizes,
  valueOf: (operand: ReturnType<typeof operandAt>) => string,
): Labelled {
  const operand = operandAt(call, index);
  const steps = stridesOf(operand.shape);
  const strides = new Map<string, number>();
  labels.forEach((label, axis) => {
    const isRepeated = operand.shape[axis] === 1 && sizes.get(label) !== 1;
    if (!isRepeated) strides.set(label, (strides.get(label) ?? 0) + steps[axis]);
  });
  return { strides, elements: operand.constant?.data ?? valueOf(operand) };
}
