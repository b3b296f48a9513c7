import { argMax, argMin } from "./argMax.ts";
import { add, div, mean, mul, neg, sub, sum } from "./arithmetic.ts";
import { cast, castLike } from "./cast.ts";
import { concat } from "./concat.ts";
import { constant } from "./constant.ts";
import { gather } from "./gathering.ts";
import { gemm } from "./gemm.ts";
import { dropout, identity } from "./identity.ts";
import { matMul } from "./matMul.ts";
import type { Operator } from "./operator.ts";
import { relu } from "./relu.ts";
import { flatten, reshape, squeeze, unsqueeze } from "./reshape.ts";
import { slice, split } from "./selection.ts";
import { shape } from "./shape.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import { transpose } from "./transpose.ts";

const ALL: readonly Operator[] = [
  add,
  argMax,
  argMin,
  cast,
  castLike,
  concat,
  constant,
  div,
  dropout,
  flatten,
  gather,
  gemm,
  identity,
  logSoftmax,
  matMul,
  mean,
  mul,
  neg,
  relu,
  reshape,
  shape,
  slice,
  softmax,
  split,
  squeeze,
  sub,
  sum,
  transpose,
  unsqueeze,
];

/** The operators of the default domain that are supported, by name. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map(ALL.map((operator) => [operator.name, operator]));
