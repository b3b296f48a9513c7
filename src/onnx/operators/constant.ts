import type { Attribute, ElementType, Tensor } from "../../ir/graph.ts";
import { type Call, OPSETS, type Operator, nodeError } from "./operator.ts";

/** A constant in one of the forms an attribute can have. */
export const constant: Operator = {
  name: "Constant",
  opsets: OPSETS,
  arity: [0, 0],
  attributes: ["value", "value_float", "value_floats", "value_int", "value_ints"],
  infer: (call) => [valueOf(call)],
  lower: (call, builder) => [builder.constant(valueOf(call).data)],
};

function valueOf(call: Call): Tensor {
  const given = [...call.node.attributes];
  if (given.length !== 1) throw nodeError(call, `has ${given.length} value attributes, want 1`);
  const [name, value] = given[0];
  if (name === "value" && typeof value === "object" && "data" in value) return value;
  const isNumeric = typeof value === "number" || (Array.isArray(value) && value.every((x) => typeof x === "number"));
  if (name === "value" || !isNumeric) throw nodeError(call, `attribute ${name} is of the wrong type`);
  return numeric(name.startsWith("value_int") ? "int64" : "float", value);
}

const numeric = (type: ElementType, value: Attribute): Tensor =>
  Array.isArray(value) ? { type, shape: [value.length], data: value } : { type, shape: [], data: [value as number] };
