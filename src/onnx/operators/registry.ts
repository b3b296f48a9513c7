import { argMax, argMin } from "./argMax.ts";
import { add, div, mean, mul, neg, sub, sum } from "./arithmetic.ts";
import { batchNormalization } from "./batchNormalization.ts";
import { bitShift, bitwiseAnd, bitwiseNot, bitwiseOr, bitwiseXor } from "./bits.ts";
import { cast, castLike } from "./cast.ts";
import { clip } from "./clip.ts";
import { comparisons } from "./comparisons.ts";
import { concat } from "./concat.ts";
import { constant } from "./constant.ts";
import { compress, isInf, isNan, nonZero } from "./constantOnly.ts";
import { conv, convTranspose } from "./convolution.ts";
import { cumSum } from "./cumulative.ts";
import { einsum } from "./einsum.ts";
import { max, min } from "./extremes.ts";
import { constantOfShape, eyeLike, range, size } from "./filling.ts";
import { gather, gatherElements, gatherNd } from "./gathering.ts";
import { gemm } from "./gemm.ts";
import { dropout, identity } from "./identity.ts";
import { logic } from "./logic.ts";
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
import { pad } from "./pad.ts";
import { pools } from "./pooling.ts";
import { mod, pow } from "./power.ts";
import { prelu } from "./prelu.ts";
import { dequantizeLinear, quantizeLinear } from "./quantized.ts";
import { centerCropPad, depthToSpace, reverseSequence, spaceToDepth, trilu } from "./rearrange.ts";
import { gru, lstm, rnn } from "./recurrent.ts";
import { reductions } from "./reduction.ts";
import { relu } from "./relu.ts";
import { expand, tile } from "./repeating.ts";
import { flatten, reshape, squeeze, unsqueeze } from "./reshape.ts";
import { resize, upsample } from "./resize.ts";
import { scatter, scatterElements, scatterNd } from "./scatter.ts";
import { slice, split } from "./selection.ts";
import { shape } from "./shape.ts";
import { hardmax, logSoftmax, softmax } from "./softmax.ts";
import { topK } from "./topK.ts";
import { transpose } from "./transpose.ts";
import { unary } from "./unary.ts";
import { where } from "./where.ts";
import { windowFunctions } from "./windowFunctions.ts";

const ALL: readonly Operator[] = [
  add,
  argMax,
  argMin,
  batchNormalization,
  bitShift,
  bitwiseAnd,
  bitwiseNot,
  bitwiseOr,
  bitwiseXor,
  cast,
  castLike,
  centerCropPad,
  clip,
  ...comparisons,
  compress,
  concat,
  constant,
  constantOfShape,
  conv,
  convTranspose,
  cumSum,
  depthToSpace,
  dequantizeLinear,
  div,
  dropout,
  einsum,
  expand,
  eyeLike,
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
  isInf,
  isNan,
  layerNormalization,
  ...logic,
  logSoftmax,
  lpNormalization,
  lrn,
  lstm,
  matMul,
  max,
  mean,
  meanVarianceNormalization,
  min,
  mod,
  mul,
  neg,
  nonZero,
  ...normReductions,
  oneHot,
  pad,
  ...pools,
  pow,
  prelu,
  quantizeLinear,
  range,
  ...reductions,
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
  size,
  slice,
  softmax,
  spaceToDepth,
  split,
  squeeze,
  sub,
  sum,
  tile,
  topK,
  transpose,
  trilu,
  ...unary,
  unsqueeze,
  upsample,
  where,
  ...windowFunctions,
];

/** The operators of the default domain that are supported, by name. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map(ALL.map((operator) => [operator.name, operator]));
