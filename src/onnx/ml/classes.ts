import type { Bounds, ValueType } from "../../ir/graph.ts";
import { sigmoid } from "../operators/functions.ts";
import { type Call, type StepBuilder, nodeError } from "../operators/operator.ts";
import { numbersAttribute, textsAttribute } from "./attributes.ts";
import type { PostTransform } from "./postTransform.ts";
import { pieceAt, stepFunction } from "./stepFunction.ts";

/** The labels of a classifier's classes in order, at least two. Classes with names are their positions. */
export function classLabels(call: Call, integers: string): readonly number[] {
  const [numbers, names] = [numbersAttribute(call, integers), textsAttribute(call, NAMES)];
  if ((numbers === undefined) === (names === undefined)) throw nodeError(call, `want either ${integers} or ${NAMES}`);
  const labels = numbers ?? names!.map((_, index) => index);
  if (labels.length >= 2) return labels;
  throw nodeError(call, "has one class, want at least 2");
}

const NAMES = "classlabels_strings";

/** Types of a classifier's outputs: a label and `width` scores a row. */
export function classifierTypes(
  call: Call,
  labels: readonly number[],
  rows: number,
  width: number,
): readonly ValueType[] {
  const strings = textsAttribute(call, NAMES);
  return [
    { type: "int64", shape: [rows], bounds: boundsOf(labels), ...(strings && { strings }) },
    { type: "float", shape: [rows, width] },
  ];
}

/** The label of the class with the greatest score of each row, the first on ties. */
export function labelOfGreatest(builder: StepBuilder, scores: string, labels: readonly number[]): string {
  return labelAt(builder, builder.argMax(scores, builder.sizeOf(scores) / labels.length), labels);
}

/** The second label where the one score of a row exceeds `threshold`, else the first. */
export function labelAbove(builder: StepBuilder, score: string, threshold: number, labels: readonly number[]): string {
  const pairs = builder.dense(score, builder.sizeOf(score), [[0], [1]], [threshold, 0]);
  return labelOfGreatest(builder, pairs, labels);
}

/** labels[index], element by element. */
export function labelAt(builder: StepBuilder, index: string, labels: readonly number[]): string {
  if (labels.every((label, position) => label === position)) return index;
  const pieces = labels.map((label, position) => pieceAt(position, true, [label]));
  return stepFunction(builder, index, pieces, [0]);
}

/**
 * Scores of two classes from the one score s of a row as onnxruntime has them: sigmoids of −s and s for LOGISTIC, else
 * 1 − s or −s beside s.
 */
export function scoresOfTwo(
  call: Call,
  builder: StepBuilder,
  score: string,
  transform: PostTransform,
  first: "1 - s" | "-s",
): string {
  if (transform === "PROBIT")
    throw nodeError(call, "post_transform PROBIT is not supported for two classes with one score");
  const isLogistic = transform === "LOGISTIC";
  const value = isLogistic ? builder.apply(score, sigmoid) : score;
  return builder.dense(value, builder.sizeOf(value), [[-1], [1]], [isLogistic || first === "1 - s" ? 1 : 0, 0]);
}

/** Least and greatest of some integers, 0 included. */
export const boundsOf = (integers: readonly number[]): Bounds =>
  integers.reduce<Bounds>(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [0, 0]);
