import { elementCount } from "../../codec/codec.ts";
import { sqrt } from "../operators/functions.ts";
import { type Operator, nodeError, numberAttribute, operandAt } from "../operators/operator.ts";
import { repeatedAlongRows, rowMaxima, rowSums } from "../operators/rows.ts";
import { absolute } from "../operators/unary.ts";
import { ML_OPSETS, choiceAttribute, numbersAttribute } from "./attributes.ts";

/** (X − offset) · scale, a number for all features or one a feature. */
export const scaler: Operator = {
  name: "Scaler",
  opsets: ML_OPSETS,
  arity: [1, 1],
  attributes: ["offset", "scale"],
  infer(call) {
    const features = operandAt(call, 0).shape.at(-1) ?? 1;
    for (const name of ["offset", "scale"]) {
      const count = numbersAttribute(call, name)?.length ?? 1;
      if (count !== 1 && count !== features)
        throw nodeError(call, `attribute ${name} has ${count} numbers, want 1 or ${features}`);
    }
    return [{ type: "float", shape: operandAt(call, 0).shape }];
  },
  lower(call, builder) {
    const features = operandAt(call, 0).shape.at(-1) ?? 1;
    const [offset, scale] = [numbersAttribute(call, "offset") ?? [0], numbersAttribute(call, "scale") ?? [1]];
    const of = (numbers: readonly number[], feature: number): number => numbers[numbers.length === 1 ? 0 : feature];
    const factors = Array.from({ length: features }, (_, feature) => of(scale, feature));
    const offsets = factors.map((factor, feature) => -of(offset, feature) * factor);
    return [builder.scale(builder.valueOf(operandAt(call, 0)), factors, offsets)];
  },
};

/** 1 where X exceeds the threshold, else 0. */
export const binarizer: Operator = {
  name: "Binarizer",
  opsets: ML_OPSETS,
  arity: [1, 1],
  attributes: ["threshold"],
  infer: (call) => [{ type: "float", shape: operandAt(call, 0).shape, bounds: [0, 1] }],
  lower(call, builder) {
    const threshold = numberAttribute(call, "threshold", 0);
    const isAtMost = builder.compare(
      builder.scale(builder.valueOf(operandAt(call, 0)), [-1], [threshold]),
      "nonNegative",
    );
    return [builder.scale(isAtMost, [-1], [1])];
  },
};

/** Rows over their greatest element (MAX), the sum of their magnitudes (L1) or their length (L2); rows of 0 stay 0. */
export const normalizer: Operator = {
  name: "Normalizer",
  opsets: ML_OPSETS,
  arity: [1, 1],
  attributes: ["norm"],
  infer: (call) => [{ type: "float", shape: operandAt(call, 0).shape }],
  lower(call, builder) {
    const operand = operandAt(call, 0);
    const length = operand.shape.at(-1) ?? 1;
    const rows = { value: builder.valueOf(operand), count: elementCount(operand.shape) / length, length };
    switch (choiceAttribute(call, "norm", ["MAX", "L1", "L2"])) {
      case "MAX": {
        const greatest = rowMaxima(builder, rows);
        const signs = builder.scale(builder.compare(greatest, "nonNegative"), [2], [-1]);
        const signed = builder.multiply(rows.value, repeatedAlongRows(builder, signs, length));
        return [builder.divide(signed, builder.scale(absolute(builder, greatest), [1], [TINY]))];
      }
      case "L1": {
        const sum = rowSums(builder, { ...rows, value: absolute(builder, rows.value) }, 1, TINY);
        return [builder.divide(rows.value, sum)];
      }
      case "L2": {
        const squares = rowSums(builder, { ...rows, value: builder.multiply(rows.value, rows.value) }, 1, TINY ** 2);
        return [builder.divide(rows.value, builder.apply(squares, sqrt))];
      }
    }
  },
};

/** Makes 0 over 0 a 0, and is lost in the rounding of anything else. */
const TINY = 2 ** -60;
