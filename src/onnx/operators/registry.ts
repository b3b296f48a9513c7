import { argMax } from "./argMax.ts";
import { add, div, mul, neg, sub } from "./arithmetic.ts";
import { cast } from "./cast.ts";
import { concat } from "./concat.ts";
import { constant } from "./constant.ts";
import { gemm } from "./gemm.ts";
import { dropout, identity } from "./identity.ts";
import { matMul } from "./matMul.ts";
import type { Operator } from "./operator.ts";
import { relu } from "./relu.ts";
import { flatten, reshape, squeeze, unsqueeze } from "./reshape.ts";
import { gather, slice } from "./selection.ts";
import { shape } from "./shape.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import { transpose } from "./transpose.ts";

const ALL: readonly Operator[] = [
  add,
  argMax,
  cast,
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
  mul,
  neg,
  relu,
  reshape,
  shape,
  slice,
  softmax,
  squeeze,
  sub,
  transpose,
  unsqueeze,
];

/** The operators of the default domain that are supported, by name. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map(ALL.map((operator) => [operator.name, operator]));
