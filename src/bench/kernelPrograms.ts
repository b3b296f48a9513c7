import type { IntegerGraph } from "../ir/integerGraph.ts";
import { smallProgram } from "./smallProgram.ts";

/** Quadratic modulo a prime, and so of no low degree over the field that circuits compute in. */
const irregular = (value: number): number => (value * value * 167 + value * 29 + 13) % 251;

/** Width of what the table is a function of; a range check of it takes as many constraints. */
export const TABLE_BITS = 8;

const POOL_BITS = 8;

/** Width of the logits that the argmax is measured on, sign included: what the shipped digit models have. */
export const LOGIT_BITS = 19;

/** One 8-bit function, by 256 values that follow no pattern of low degree. */
export const tableProgram = (): IntegerGraph =>
  smallProgram(
    "table-of-8-bits",
    { x: { shape: [1], bits: TABLE_BITS, signed: false } },
    {
      kernel: "Table",
      name: "table",
      output: "y",
      input: "x",
      low: 0,
      values: Array.from({ length: 1 << TABLE_BITS }, (_, value) => irregular(value)),
    },
  );

/** The greatest of one window of 2×2 8-bit numbers. */
export const poolProgram = (): IntegerGraph =>
  smallProgram(
    "max-pool-of-2-by-2",
    { x: { shape: [4], bits: POOL_BITS, signed: false } },
    { kernel: "Extreme", name: "pool", output: "y", which: "max", inputs: ["x"], windows: [[0, 1, 2, 3]] },
  );

/** The index of the greatest of ten logits. */
export const argMaxProgram = (): IntegerGraph =>
  smallProgram(
    "argmax-of-10",
    { x: { shape: [10], bits: LOGIT_BITS, signed: true } },
    { kernel: "ArgMax", name: "argmax", output: "y", input: "x", batch: 1 },
  );
