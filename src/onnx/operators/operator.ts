import { InputError } from "../../errors.ts";
import type { Attribute, GraphNode, Tensor, ValueType } from "../../ir/graph.ts";
import type { LinearStep, RealFunction, RealTree } from "../../ir/realGraph.ts";

/** Opsets of the default domain that the reader accepts; operators narrow it where their meaning changed. */
export const OPSETS = { from: 7, to: 25 } as const;

/** A value that a node reads; `constant` is its data where that is known. */
export interface Operand extends ValueType {
  readonly name: string;
  readonly constant?: Tensor;
}

/** A node together with what its operands are. An operand left out is undefined. */
export interface Call {
  readonly node: GraphNode;
  /** Opset of the node's domain. */
  readonly opset: number;
  readonly operands: readonly (Operand | undefined)[];
}

/** The sums of a Linear step: see `LinearNode`. */
export type Sums = Pick<LinearStep, "groups" | "windows" | "weights" | "bias">;

/** Appends steps to the real program; every method returns the name of the value that it makes. */
export interface StepBuilder {
  /** The program's value for an operand; a constant one becomes a step of its own. */
  valueOf(operand: Operand): string;
  /** Number of elements of a value. */
  sizeOf(value: string): number;
  /** For each element whether a constant part of it is so low that it stands for −∞: see `maskedElements`. */
  maskedElements(value: string): readonly boolean[];
  /** Elements of a value, made without its others: see `pickElements`. */
  pick(value: string, positions: readonly number[]): string;
  constant(data: readonly number[]): string;
  linear(inputs: readonly string[], sums: Sums): string;
  /** `batch` rows times a matrix of one row a result, plus a bias: a dense layer, results row by row. */
  dense(input: string, batch: number, weights: readonly (readonly number[])[], bias: readonly number[]): string;
  scale(input: string, factors: readonly number[], offsets: readonly number[]): string;
  /** factors[0] · left + factors[1] · right, element by element. */
  add(left: string, right: string, factors: readonly [number, number]): string;
  relu(input: string): string;
  apply(input: string, fn: RealFunction): string;
  extreme(which: "max" | "min", inputs: readonly string[], windows: readonly (readonly number[])[]): string;
  multiply(left: string, right: string): string;
  /** The denominators each serve equally many numerators in a row. */
  divide(numerator: string, denominator: string): string;
  /** 1 where the element is at least 0 (`nonNegative`) or is 0 (`zero`), else 0. */
  compare(input: string, relation: "nonNegative" | "zero"): string;
  /** Element by element; the condition is 0 or 1. */
  select(condition: string, whenTrue: string, whenFalse: string): string;
  /** Elements `indices` of all inputs one after another; the input itself where nothing changes. */
  arrange(inputs: readonly string[], indices: readonly number[]): string;
  argMax(input: string, batch: number): string;
  /** Rows of `size` elements, each 1 at the index that the element is and 0 elsewhere. */
  oneHot(input: string, size: number): string;
  trees(input: string, batch: number, base: readonly number[], trees: readonly RealTree[]): string;
  /** Nodes that read an ONNX value, and whether the graph gives it out. */
  usesOf(value: string): { readonly nodes: readonly GraphNode[]; readonly isOutput: boolean };
}

/** Everything known about one ONNX operator. */
export interface Operator {
  readonly name: string;
  /** First and last opset of its domain with the meaning implemented here. */
  readonly opsets: { readonly from: number; readonly to: number };
  /** Least and greatest number of operands. */
  readonly arity: readonly [number, number];
  /** Attributes that are understood; a node with another one is refused. */
  readonly attributes: readonly string[];
  /** Those that count as left out where they are not a number. */
  readonly leftOutByNaN?: readonly string[];
  /** True where the outputs follow from the operands' shapes alone and so are always constant. */
  readonly readsShapesOnly?: boolean;
  /** Type and shape of each output that is supported. Throws InputError where operands or attributes make no sense. */
  infer(call: Call): readonly ValueType[];
  /** Multiplications that lowering writes down, where they are more than the elements read and made. */
  products?(call: Call): number;
  /**
   * Steps that compute the outputs that `infer` lists; gives the name of each output's value. Nodes whose operands are all
   * constant are computed by these steps too, so an operator means the same wherever it stands.
   */
  lower(call: Call, builder: StepBuilder): readonly string[];
}

/** How messages name a node. */
export const nodeLabel = (node: Pick<GraphNode, "name" | "operator">): string =>
  `node ${JSON.stringify(node.name)} (${node.operator})`;

/** An InputError about a node. */
export const nodeError = ({ node }: Call, message: string): InputError =>
  new InputError(`${nodeLabel(node)}: ${message}`);

/** An operand that the arity promises. */
export function operandAt(call: Call, index: number): Operand {
  const operand = call.operands[index];
  if (operand === undefined) throw nodeError(call, `operand ${index} is missing`);
  return operand;
}

/** The type of a value that holds elements of an operand in another shape. */
export const typeWith = ({ type, bounds, strings }: ValueType, shape: readonly number[]): ValueType => ({
  type,
  shape,
  ...(bounds && { bounds }),
  ...(strings && { strings }),
});

/** The data of an operand that must be constant; `what` is its name in the operator's specification. */
export function constantAt(call: Call, index: number, what: string): Tensor {
  const { constant, name } = operandAt(call, index);
  if (constant === undefined) throw nodeError(call, `${what} ${JSON.stringify(name)} must be constant`);
  return constant;
}

/** The elements of an operand that must be constant integers. */
export function integersAt(call: Call, index: number, what: string): readonly number[] {
  const { type, data } = constantAt(call, index, what);
  if (type === "int64") return data;
  throw nodeError(call, `${what} is of type ${type}, want integers`);
}

/** The integer that an operand must be. */
export function integerAt(call: Call, index: number, what: string): number {
  const integers = integersAt(call, index, what);
  if (integers.length === 1) return integers[0];
  throw nodeError(call, `${what} has ${integers.length} elements, want 1`);
}

/** A numeric attribute, or `otherwise` where it is absent. */
export function numberAttribute(call: Call, name: string, otherwise: number): number {
  return attribute(call, name, otherwise, (value) => typeof value === "number", "a number");
}

/** An integer attribute, or `otherwise` where it is absent. */
export function integerAttribute(call: Call, name: string, otherwise: number): number {
  return attribute(call, name, otherwise, (value) => Number.isSafeInteger(value), "an integer");
}

/** A list of integers, or undefined where it is absent. */
export function integersAttribute(call: Call, name: string): readonly number[] | undefined {
  const isIntegers = (value: Attribute) => Array.isArray(value) && value.every((item) => Number.isSafeInteger(item));
  return attribute<readonly number[] | undefined>(call, name, undefined, isIntegers, "a list of integers");
}

/**
 * A list of integers that is an attribute before opset `since` and constant operand `index` from there on, or undefined
 * where it is absent. Throws InputError where it is given the other opset's way, which would otherwise go unnoticed.
 */
export function integersOf(call: Call, name: string, index: number, since: number): readonly number[] | undefined {
  const [asAttribute, asOperand] = [call.node.attributes.has(name), call.operands[index] !== undefined];
  const isOperand = call.opset >= since;
  if (isOperand ? asAttribute : asOperand) {
    throw nodeError(call, `${name} must be an ${isOperand ? "operand" : "attribute"} in opset ${call.opset}`);
  }
  if (!isOperand) return integersAttribute(call, name);
  return asOperand ? integersAt(call, index, name) : undefined;
}

function attribute<T>(call: Call, name: string, otherwise: T, fits: (value: Attribute) => boolean, want: string): T {
  const value = call.node.attributes.get(name);
  if (value === undefined) return otherwise;
  if (!fits(value)) throw nodeError(call, `attribute ${name} is not ${want}`);
  return value as T;
}
