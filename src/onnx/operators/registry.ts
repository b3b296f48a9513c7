import { argMax, argMin } from "./argMax.ts";
import { add, div, mean, mul, neg, sub, sum } from "./arithmetic.ts";
import { bitShift, bitwiseAnd, bitwiseNot, bitwiseOr, bitwiseXor } from "./bits.ts";
import { cast, castLike } from "./cast.ts";
import { clip } from "./clip.ts";
import { concat } from "./concat.ts";
import { constant } from "./constant.ts";
import { cumSum } from "./cumulative.ts";
import { einsum } from "./einsum.ts";
import { gather, gatherElements, gatherNd } from "./gathering.ts";
import { gemm } from "./gemm.ts";
import { dropout, identity } from "./identity.ts";
import { matMul } from "./matMul.ts";
import {
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  lpNormalization,
  lrn,
  meanVarianceNormalization,
  rmsNormalization,
} from "./normalization.ts";
import { normReductions } from "./norms.ts";
import { oneHot } from "./oneHot.ts";
import type { Operator } from "./operator.ts";
import { mod, pow } from "./power.ts";
import { prelu } from "./prelu.ts";
import { centerCropPad, depthToSpace, reverseSequence, spaceToDepth, trilu } from "./rearrange.ts";
import { gru, lstm, rnn } from "./recurrent.ts";
import { relu } from "./relu.ts";
import { flatten, reshape, squeeze, unsqueeze } from "./reshape.ts";
import { resize, upsample } from "./resize.ts";
import { scatter, scatterElements, scatterNd } from "./scatter.ts";
import { slice, split } from "./selection.ts";
import { shape } from "./shape.ts";
import { hardmax, logSoftmax, softmax } from "./softmax.ts";
import { topK } from "./topK.ts";
import { transpose } from "./transpose.ts";
import { unary } from "./unary.ts";

const ALL: readonly Operator[] = [
  add,
  argMax,
  argMin,
  bitShift,
  bitwiseAnd,
  bitwiseNot,
  bitwiseOr,
  bitwiseXor,
  cast,
  castLike,
  centerCropPad,
  clip,
  concat,
  constant,
  cumSum,
  depthToSpace,
  div,
  dropout,
  einsum,
  flatten,
  gather,
  gatherElements,
  gatherNd,
  gemm,
  groupNormalization,
  gru,
  hardmax,
  identity,
  instanceNormalization,
  layerNormalization,
  logSoftmax,
  lpNormalization,
  lrn,
  lstm,
  matMul,
  mean,
  meanVarianceNormalization,
  mod,
  mul,
  neg,
  ...normReductions,
  oneHot,
  pow,
  prelu,
  relu,
  reshape,
  resize,
  reverseSequence,
  rmsNormalization,
  rnn,
  scatter,
  scatterElements,
  scatterNd,
  shape,
  slice,
  softmax,
  spaceToDepth,
  split,
  squeeze,
  sub,
  sum,
  topK,
  transpose,
  trilu,
  ...unary,
  unsqueeze,
  upsample,
];

/** The operators of the default domain that are supported, by name. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map(ALL.map((operator) => [operator.name, operator]));
