import { type Operator, nodeError, numberAttribute, integerAttribute, operandAt } from "../operators/operator.ts";
import { elementCount } from "../../codec/codec.ts";
import { ML_OPSETS, numbersAttribute } from "./attributes.ts";

/** Imputed values in place of one number. The number that stands for a gap is usually NaN, which no input here is. */
export const imputer: Operator = {
  name: "Imputer",
  opsets: ML_OPSETS,
  arity: [1, 1],
  attributes: ["imputed_value_floats", "imputed_value_int64s", "replaced_value_float", "replaced_value_int64"],
  leftOutByNaN: ["replaced_value_float"],
  infer(call) {
    const { type, shape } = operandAt(call, 0);
    return [{ type, shape }];
  },
  lower(call, builder) {
    const operand = operandAt(call, 0);
    const value = builder.valueOf(operand);
    const isFloat = operand.type === "float";
    const imputed = numbersAttribute(call, isFloat ? "imputed_value_floats" : "imputed_value_int64s") ?? [];
    const features = operand.shape.at(-1) ?? 1;
    if (imputed.length !== 1 && imputed.length !== features)
      throw nodeError(call, `has ${imputed.length} imputed values, want 1 or ${features}`);
    const replaced = isFloat
      ? numberAttribute(call, "replaced_value_float", NaN)
      : integerAttribute(call, "replaced_value_int64", 0);
    if (Number.isNaN(replaced)) return [value];
    const isGap = builder.compare(builder.scale(value, [1], [-replaced]), "zero");
    const count = elementCount(operand.shape);
    const fill = Array.from({ length: count }, (_, index) => imputed[imputed.length === 1 ? 0 : index % features]);
    return [builder.select(isGap, builder.constant(fill), value)];
  },
};
