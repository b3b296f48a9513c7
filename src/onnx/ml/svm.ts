import type { RealFunction } from "../../ir/realGraph.ts";
import { exp, sigmoid, tanh } from "../operators/functions.ts";
import {
  type Call,
  type Operator,
  type StepBuilder,
  integerAttribute,
  integersAttribute,
  nodeError,
  operandAt,
} from "../operators/operator.ts";
import { rowSums } from "../operators/rows.ts";
import { ML_OPSETS, choiceAttribute, numbersAttribute, rowsOfFeatures } from "./attributes.ts";
import { classLabels, classifierTypes, labelAt, labelOfGreatest, scoresOfTwo } from "./classes.ts";
import { postTransformOf, transformScores, transformSingle } from "./postTransform.ts";

const KERNELS = ["LINEAR", "POLY", "RBF", "SIGMOID"] as const;

const SHARED = ["kernel_type", "kernel_params", "support_vectors", "coefficients", "rho", "post_transform"];

/** Σ coefficient · kernel(x, support vector) + rho, or x times coefficients without support vectors. */
export const svmRegressor: Operator = {
  name: "SVMRegressor",
  opsets: ML_OPSETS,
  arity: [1, 1],
  attributes: [...SHARED, "n_supports", "one_class"],
  infer: (call) => [{ type: "float", shape: [rowsOfFeatures(call).rows, 1] }],
  lower(call, builder) {
    const { rows, features } = rowsOfFeatures(call);
    const supports = integerAttribute(call, "n_supports", 0);
    const [coefficients, [rho]] = [numbersOf(call, "coefficients"), numbersOf(call, "rho")];
    requireCount(call, "coefficients", supports || features);
    const score =
      supports === 0
        ? builder.dense(builder.valueOf(operandAt(call, 0)), rows, [coefficients], [rho])
        : weighKernels(call, builder, supports, [coefficients], [rho]);
    if (integerAttribute(call, "one_class", 0) === 0) return [transformSingle(builder, score, postTransformOf(call))];
    // 1 above 0, else −1.
    return [builder.scale(builder.compare(builder.scale(score, [-1], [0]), "nonNegative"), [-2], [1])];
  },
};

/**
 * Label and scores of classes that are told apart pair by pair: two classes by one score, calibrated by `prob_a` and
 * `prob_b` where those are given; more by votes, the pairs' scores being given out.
 */
export const svmClassifier: Operator = {
  name: "SVMClassifier",
  opsets: ML_OPSETS,
  arity: [1, 1],
  attributes: [...SHARED, "classlabels_ints", "classlabels_strings", "vectors_per_class", "prob_a", "prob_b"],
  infer(call) {
    const labels = classLabels(call, "classlabels_ints");
    const width = labels.length === 2 ? 2 : pairCount(labels.length);
    return classifierTypes(call, labels, rowsOfFeatures(call).rows, width);
  },
  products(call) {
    const classes = classLabels(call, "classlabels_ints").length;
    const supports = Math.ceil(numbersOf(call, "coefficients").length / Math.max(1, classes - 1));
    return pairCount(classes) * (classes + supports);
  },
  lower(call, builder) {
    const labels = classLabels(call, "classlabels_ints");
    const perClass = integersAttribute(call, "vectors_per_class") ?? [];
    if (perClass.length !== labels.length)
      throw nodeError(
        call,
        `has support vectors of ${perClass.length} classes, want ${labels.length}; linear models are LinearClassifier`,
      );
    if (labels.length < 2 || perClass.some((count) => count < 0))
      throw nodeError(call, `vectors_per_class ${perClass.join(", ")} are not counts of two classes or more`);
    const scores = pairScores(call, builder, perClass);
    return labels.length === 2 ? twoClasses(call, builder, scores, labels) : votes(call, builder, scores, labels);
  },
};

/** A positive score speaks for the first class. */
function twoClasses(call: Call, builder: StepBuilder, score: string, labels: readonly number[]): string[] {
  const rows = builder.sizeOf(score);
  const [a, b] = [numbersAttribute(call, "prob_a"), numbersAttribute(call, "prob_b")];
  if ((a === undefined) !== (b === undefined)) throw nodeError(call, "has one of prob_a and prob_b, want both or none");
  if (a !== undefined) {
    const first = builder.apply(builder.scale(score, [-a[0]], [-b![0]]), sigmoid);
    const both = builder.dense(first, rows, [[1], [-1]], [0, 1]);
    return [labelOfGreatest(builder, both, labels), both];
  }
  if (numbersOf(call, "coefficients").every((value) => value >= 0))
    throw nodeError(call, "its coefficients are all positive, which no trained classifier's are");
  const second = builder.argMax(builder.dense(score, rows, [[1], [0]], [0, 0]), rows);
  return [labelAt(builder, second, labels), scoresOfTwo(call, builder, score, postTransformOf(call), "-s")];
}

/** Each pair votes for its first class above 0, else for its second; most votes win, the first class on ties. */
function votes(call: Call, builder: StepBuilder, scores: string, labels: readonly number[]): string[] {
  if (numbersAttribute(call, "prob_a") !== undefined)
    throw nodeError(
      call,
      "prob_a is supported for two classes only: probabilities of more classes are found by iteration; export without them",
    );
  const rows = rowsOfFeatures(call).rows;
  const pairs = pairsOf(labels.length);
  const isSecond = builder.compare(builder.scale(scores, [-1], [0]), "nonNegative");
  const weights = labels.map((_, at) => pairs.map(([first, second]) => (at === second ? 1 : at === first ? -1 : 0)));
  const bias = labels.map((_, at) => pairs.filter(([first]) => first === at).length);
  const counts = builder.dense(isSecond, rows, weights, bias);
  const transformed = transformScores(
    builder,
    { value: scores, count: rows, length: pairs.length },
    postTransformOf(call),
  );
  return [labelOfGreatest(builder, counts, labels), transformed];
}

/** One score a pair of classes and row: of the kernels of the two classes' support vectors. */
function pairScores(call: Call, builder: StepBuilder, perClass: readonly number[]): string {
  const supports = perClass.reduce((sum, count) => sum + count, 0);
  const coefficients = numbersOf(call, "coefficients");
  const pairs = pairsOf(perClass.length);
  const rho = numbersOf(call, "rho");
  requireCount(call, "coefficients", supports * (perClass.length - 1));
  requireCount(call, "rho", pairs.length);
  const classOf = perClass.flatMap((count, at) => Array<number>(count).fill(at));
  // Row j − 1 of the coefficients is for the vectors of class i against class j > i, row i for those of j against i.
  const weights = pairs.map(([first, second]) =>
    classOf.map((at, vector) => {
      if (at === first) return coefficients[(second - 1) * supports + vector];
      return at === second ? coefficients[first * supports + vector] : 0;
    }),
  );
  return weighKernels(call, builder, supports, weights, rho);
}

const pairCount = (classes: number): number => (classes * (classes - 1)) / 2;

const pairsOf = (classes: number): [first: number, second: number][] =>
  Array.from({ length: classes }, (_, first) => first).flatMap((first) =>
    Array.from({ length: classes - first - 1 }, (_, after): [number, number] => [first, first + 1 + after]),
  );

/** weights · kernel values + bias, row by row; for the linear kernel the support vectors disappear in the weights. */
function weighKernels(
  call: Call,
  builder: StepBuilder,
  supports: number,
  weights: readonly (readonly number[])[],
  bias: readonly number[],
): string {
  const { rows, features } = rowsOfFeatures(call);
  requireCount(call, "support_vectors", supports * features);
  const flat = numbersOf(call, "support_vectors");
  const vectors = Array.from({ length: supports }, (_, at) => flat.slice(at * features, (at + 1) * features));
  const kind = choiceAttribute(call, "kernel_type", KERNELS);
  const input = builder.valueOf(operandAt(call, 0));
  if (kind !== "LINEAR") return builder.dense(kernelValues(call, builder, input, kind, vectors), rows, weights, bias);
  const combined = weights.map((row) =>
    Array.from({ length: features }, (_, feature) =>
      row.reduce((sum, weight, at) => sum + weight * vectors[at][feature], 0),
    ),
  );
  return builder.dense(input, rows, combined, bias);
}

/** kernel(x, v) for every row x and support vector v. */
function kernelValues(
  call: Call,
  builder: StepBuilder,
  input: string,
  kind: "POLY" | "RBF" | "SIGMOID",
  vectors: readonly (readonly number[])[],
): string {
  const { rows, features } = rowsOfFeatures(call);
  const [gamma, offset, degree] = numbersOf(call, "kernel_params");
  const scaled = vectors.map((vector) => vector.map((value) => gamma * value));
  const offsets = vectors.map(() => offset);
  if (kind === "SIGMOID") return builder.apply(builder.dense(input, rows, scaled, offsets), tanh);
  if (kind === "POLY") {
    if (!Number.isInteger(degree) || degree < 1)
      throw nodeError(call, `the kernel's degree is ${degree}, want a positive integer`);
    const power: RealFunction = { name: `Pow(${degree})`, apply: (x) => x ** degree, isMonotone: degree % 2 === 1 };
    return builder.apply(builder.dense(input, rows, scaled, offsets), power);
  }
  // −γ|x − v|² = 2γ x · v − γ|v|² − γ|x|²
  const squares = rowSums(builder, { value: builder.multiply(input, input), count: rows, length: features });
  const products = builder.dense(
    input,
    rows,
    scaled.map((vector) => vector.map((value) => 2 * value)),
    scaled.map((vector, at) => -vector.reduce((sum, value, feature) => sum + value * vectors[at][feature], 0)),
  );
  const exponents = builder.linear([products, squares], {
    groups: 1,
    windows: Array.from({ length: rows * vectors.length }, (_, at) => [
      at,
      rows * vectors.length + Math.floor(at / vectors.length),
    ]),
    weights: [[1, -gamma]],
    bias: [0],
  });
  return builder.apply(exponents, exp);
}

function numbersOf(call: Call, name: string): readonly number[] {
  const numbers = numbersAttribute(call, name);
  if (numbers !== undefined) return numbers;
  throw nodeError(call, `attribute ${name} is missing`);
}

function requireCount(call: Call, name: string, count: number): void {
  const { length } = numbersOf(call, name);
  if (length !== count) throw nodeError(call, `attribute ${name} has ${length} numbers, want ${count}`);
}
