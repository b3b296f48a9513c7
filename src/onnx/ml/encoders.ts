import {
  type Call,
  type Operator,
  integersAttribute,
  integerAttribute,
  nodeError,
  numberAttribute,
  operandAt,
} from "../operators/operator.ts";
import { boundsOf } from "./classes.ts";
import { ML_OPSETS, numbersAttribute, tensorAttribute, textsAttribute } from "./attributes.ts";
import { type Piece, nextBelow, pieceAt, stepFunction } from "./stepFunction.ts";

/**
 * Every element replaced by the value of its key, by the default where it is no key. Strings as values are numbered in the
 * order of the attribute, a default that is none of them last.
 */
export const labelEncoder: Operator = {
  name: "LabelEncoder",
  opsets: ML_OPSETS,
  arity: [1, 1],
  attributes: [
    "classes_strings",
    "keys_int64s",
    "keys_floats",
    "keys_strings",
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
    keysOf(call);
    const { type, values, otherwise, strings } = valuesOf(call);
    if (type === "float") return [{ type, shape }];
    return [{ type, shape, bounds: boundsOf([...values, otherwise]), ...(strings && { strings }) }];
  },
  lower(call, builder) {
    const operand = operandAt(call, 0);
    const [keys, { values, otherwise }] = [keysOf(call), valuesOf(call)];
    if (keys.length !== values.length)
      throw nodeError(call, `has ${keys.length} keys and ${values.length} values, want equally many`);
    const isInteger = operand.type !== "float";
    const pieces = keys.flatMap((key, index) =>
      keys.indexOf(key) < index ? [] : [pieceAt(key, isInteger, [values[index]])],
    );
    return [stepFunction(builder, builder.valueOf(operand), pieces, [otherwise])];
  },
};

/** Version 1 gives numbers their names, which keeps them here. */
const isVersion1 = ({ opset }: Call): boolean => opset === 1;

/** Numbers, also of strings that the operand's numbers stand for; −1 for a string that it cannot be. */
function keysOf(call: Call): readonly number[] {
  if (isVersion1(call)) return textsOf(call, "classes_strings").map((_, index) => index);
  const names = textsAttribute(call, "keys_strings");
  if (names !== undefined) {
    const { strings } = operandAt(call, 0);
    if (strings === undefined)
      throw nodeError(call, "keys_strings are supported only for strings that the model itself makes");
    return names.map((name) => strings.indexOf(name));
  }
  const keys =
    numbersAttribute(call, "keys_int64s") ??
    numbersAttribute(call, "keys_floats") ??
    tensorAttribute(call, "keys_tensor");
  if (keys !== undefined) return keys;
  throw nodeError(call, "has no keys");
}

/** What keys become. */
interface Values {
  readonly type: "int64" | "float";
  readonly values: readonly number[];
  readonly otherwise: number;
  readonly strings?: readonly string[];
}

function valuesOf(call: Call): Values {
  const names = isVersion1(call) ? textsOf(call, "classes_strings") : textsAttribute(call, "values_strings");
  if (names !== undefined) {
    const unknown = String(call.node.attributes.get("default_string") ?? "_Unused");
    const strings = [...new Set([...names, unknown])];

    return {
      type: "int64",
      values: names.map((name) => strings.indexOf(name)),
      otherwise: strings.indexOf(unknown),
      strings,
    };
  }
  const integers = numbersAttribute(call, "values_int64s");
  if (integers !== undefined)
    return { type: "int64", values: integers, otherwise: integerAttribute(call, "default_int64", -1) };
  const floats = numbersAttribute(call, "values_floats");
  if (floats !== undefined)
    return { type: "float", values: floats, otherwise: numberAttribute(call, "default_float", 0) };
  return tensorValues(call);
}

function tensorValues(call: Call): Values {
  const tensor = call.node.attributes.get("values_tensor");
  if (typeof tensor !== "object" || !("data" in tensor)) throw nodeError(call, "has no values");
  if (tensor.strings !== undefined) throw nodeError(call, "values_tensor holds strings, which is not supported");
  const type = tensor.type === "float" ? "float" : "int64";
  const [otherwise = type === "float" ? 0 : -1] = tensorAttribute(call, "default_tensor") ?? [];
  return { type, values: tensor.data, otherwise };
}

function textsOf(call: Call, name: string): readonly string[] {
  const texts = textsAttribute(call, name);
  if (texts !== undefined) return texts;
  throw nodeError(call, `attribute ${name} is missing`);
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
