import {
  type Call,
  type Operator,
  integersAttribute,
  integerAttribute,
  nodeError,
  numberAttribute,
  operandAt,
} from "../operators/operator.ts";
import { ML_OPSETS, numbersAttribute, tensorAttribute, textsAttribute } from "./attributes.ts";
import { type Piece, nextBelow, pieceAt, stepFunction } from "./stepFunction.ts";

/**
 * Every element replaced by the value of its key, by the default where it is no key. Strings cannot be keys; as values
 * they are numbered in the order of the attribute, a default that is none of them last.
 */
export const labelEncoder: Operator = {
  name: "LabelEncoder",
  opsets: ML_OPSETS,
  arity: [1, 1],
  attributes: [
    "classes_strings",
    "keys_int64s",
    "keys_floats",
    "keys_tensor",
    "values_int64s",
    "values_floats",
    "values_strings",
    "values_tensor",
    "default_int64",
    "default_float",
    "default_string",
    "default_tensor",
  ],
  infer(call) {
    const { shape } = operandAt(call, 0);
    const { values, otherwise, isInteger } = tableOf(call);
    if (!isInteger) return [{ type: "float", shape }];
    return [{ type: "int64", shape, bounds: [Math.min(0, otherwise, ...values), Math.max(0, otherwise, ...values)] }];
  },
  lower(call, builder) {
    const operand = operandAt(call, 0);
    const { keys, values, otherwise } = tableOf(call);
    const isInteger = operand.type !== "float";
    const first = new Map<number, number>();
    keys.forEach((key, index) => first.has(key) || first.set(key, values[index]));
    const pieces = [...first].map(([key, value]) => pieceAt(key, isInteger, [value]));
    return [stepFunction(builder, builder.valueOf(operand), pieces, [otherwise])];
  },
};

interface Table {
  readonly keys: readonly number[];
  readonly values: readonly number[];
  readonly otherwise: number;
  /** Whether the values are integers by their type. */
  readonly isInteger: boolean;
}

function tableOf(call: Call): Table {
  const table = call.opset === 1 ? classesTable(call) : keyedTable(call);
  if (table.keys.length !== table.values.length || table.keys.length === 0)
    throw nodeError(call, `has ${table.keys.length} keys and ${table.values.length} values, want equally many`);
  return table;
}

/** Version 1 numbers strings, or names numbers: that keeps them. */
function classesTable(call: Call): Table {
  const names = textsAttribute(call, "classes_strings") ?? [];
  const positions = names.map((_, index) => index);
  return { keys: positions, values: positions, otherwise: names.length, isInteger: true };
}

function keyedTable(call: Call): Table {
  const keys =
    numbersAttribute(call, "keys_int64s") ??
    numbersAttribute(call, "keys_floats") ??
    tensorAttribute(call, "keys_tensor");
  if (keys === undefined)
    throw nodeError(
      call,
      "want keys_int64s, keys_floats or a numeric keys_tensor; keys that are strings are not supported",
    );
  const integers = numbersAttribute(call, "values_int64s");
  if (integers !== undefined)
    return { keys, values: integers, otherwise: integerAttribute(call, "default_int64", -1), isInteger: true };
  const names = textsAttribute(call, "values_strings");
  if (names !== undefined) {
    const distinct = [...new Set([...names, String(call.node.attributes.get("default_string") ?? "_Unused")])];
    return {
      keys,
      values: names.map((name) => distinct.indexOf(name)),
      otherwise: distinct.length - 1,
      isInteger: true,
    };
  }
  const floats = numbersAttribute(call, "values_floats");
  if (floats !== undefined)
    return { keys, values: floats, otherwise: numberAttribute(call, "default_float", 0), isInteger: false };
  const tensor = call.node.attributes.get("values_tensor");
  if (typeof tensor === "object" && "data" in tensor)
    return {
      keys,
      values: tensor.data,
      otherwise: tensorAttribute(call, "default_tensor")?.[0] ?? (tensor.type === "float" ? 0 : -1),
      isInteger: tensor.type !== "float",
    };
  throw nodeError(call, "want values_int64s, values_floats, values_strings or values_tensor");
}

/** A row of 0 and 1 for every element: 1 at the category that it is. */
export const oneHotEncoder: Operator = {
  name: "OneHotEncoder",
  opsets: ML_OPSETS,
  arity: [1, 1],
  attributes: ["cats_int64s", "zeros"],
  infer: (call) => [{ type: "float", shape: [...operandAt(call, 0).shape, categoriesOf(call).length], bounds: [0, 1] }],
  lower(call, builder) {
    const operand = operandAt(call, 0);
    const categories = categoriesOf(call);
    const pieces = categories.map((key, at): Piece => {
      const values = categories.map((_, index) => Number(index === at));
      return operand.type === "float" ? truncatingTo(key, values) : pieceAt(key, true, values);
    });
    const none = categories.map(() => 0);
    return [stepFunction(builder, builder.valueOf(operand), pieces, none)];
  },
};

/** Category 1 is what truncates to 1: floats are made integers first. */
const truncatingTo = (key: number, values: readonly number[]): Piece => ({
  above: key > 0 ? nextBelow(key) : key - 1,
  upTo: key < 0 ? key : nextBelow(key + 1),
  values,
});

function categoriesOf(call: Call): readonly number[] {
  const categories = integersAttribute(call, "cats_int64s") ?? [];
  if (categories.length > 0 && new Set(categories).size === categories.length) return categories;
  throw nodeError(call, "want cats_int64s, each once; categories that are strings are not supported");
}
