/** Element types that a graph knows; integers are ONNX int64. */
export type ElementType = "float" | "int64" | "bool";

/** A constant: row-major data and its shape. Data holds no NaN and no infinity; booleans are 0 and 1. */
export interface Tensor extends ValueType {
  readonly data: readonly number[];
}

/** Type and static shape of a value. */
export interface ValueType {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** What integers and booleans lie in, 0 included, where their ONNX type or their operator says so. */
  readonly bounds?: Bounds;
  /** Where the elements are strings in ONNX: those that the integers number. */
  readonly strings?: readonly string[];
}

/** Least and greatest element. */
export type Bounds = readonly [low: number, high: number];

/** A named value with static shape. */
export interface ValueInfo extends ValueType {
  readonly name: string;
}

/** An attribute as read from the file. */
export type Attribute = number | string | readonly number[] | readonly string[] | Tensor;

/** An ONNX node; an input left out is the empty string. */
export interface GraphNode {
  readonly name: string;
  readonly operator: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/**
 * A model as ONNX says it, float meaning untouched: nodes in topological order, every shape known, and nodes whose
 * operands are all constant already replaced by their results.
 */
export interface Graph {
  readonly name: string;
  readonly opsets: ReadonlyMap<string, number>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly constants: ReadonlyMap<string, Tensor>;
  readonly nodes: readonly GraphNode[];
  /** Type and shape of every value that is not constant. */
  readonly values: ReadonlyMap<string, ValueType>;
  /** Choices made while reading that a user should be told, a sentence each. */
  readonly notes: readonly string[];
  /** SHA-256 of the ONNX file, hex. */
  readonly sha256: string;
}
