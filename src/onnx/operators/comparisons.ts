import { elementwiseType } from "./arithmetic.ts";
import { type Call, OPSETS, type Operator, type StepBuilder, operandAt } from "./operator.ts";
import { sumOf, termOf } from "./sums.ts";

/** What is compared with zero, and whether the answer is turned round. */
interface Comparison {
  readonly name: string;
  /** Opset that brought the operator. */
  readonly since: number;
  /** Factors of A and B in what is compared. */
  readonly factors: readonly [number, number];
  readonly relation: "nonNegative" | "zero";
  readonly isNegated: boolean;
}

const COMPARISONS: readonly Comparison[] = [
  { name: "Equal", since: OPSETS.from, factors: [1, -1], relation: "zero", isNegated: false },
  { name: "Less", since: OPSETS.from, factors: [1, -1], relation: "nonNegative", isNegated: true },
  { name: "LessOrEqual", since: 12, factors: [-1, 1], relation: "nonNegative", isNegated: false },
  { name: "Greater", since: OPSETS.from, factors: [-1, 1], relation: "nonNegative", isNegated: true },
  { name: "GreaterOrEqual", since: 12, factors: [1, -1], relation: "nonNegative", isNegated: false },
];

/** Comparisons of two operands, element by element. */
export const comparisons: readonly Operator[] = COMPARISONS.map(({ name, since, factors, relation, isNegated }) => ({
  name,
  opsets: { from: since, to: OPSETS.to },
  arity: [2, 2],
  attributes: [],
  infer: (call) => [{ type: "bool", shape: elementwiseType(call).shape, bounds: [0, 1] }],
  lower(call, builder) {
    const answer = builder.compare(difference(call, builder, factors), relation);
    return [isNegated ? negated(builder, answer) : answer];
  },
}));

/** 1 where a truth value is 0, and 0 where it is 1. */
export const negated = (builder: StepBuilder, truth: string): string => builder.scale(truth, [-1], [1]);

function difference(call: Call, builder: StepBuilder, factors: readonly [number, number]): string {
  const terms = factors.map((factor, index) => termOf(builder, operandAt(call, index), factor));
  return sumOf(call, builder, terms, elementwiseType(call).shape);
}
