import { elementCount } from "../codec/codec.ts";
import { InputError } from "../errors.ts";

/** Bounds on what a model file may ask for, far above what a circuit can hold, so that reading it always ends. */
export const LIMITS = {
  bytes: 1 << 28,
  nodes: 20_000,
  /** Operands and results of all nodes together, as written. */
  references: 1 << 18,
  /** Inputs of the graph, and outputs. */
  tensors: 4096,
  /** Characters of a name. */
  name: 1000,
  rank: 16,
  /** Elements of one tensor, of all initializers together, and of all constants together that reading computes. */
  elements: 1 << 24,
  /** Elements of one value that depends on the input. */
  computed: 1 << 21,
  /** Elements of all values together that depend on the input, the inputs included. */
  computedTotal: 1 << 22,
  /** Multiplications of all nodes together that windows and filters, matrices and the like stand for. */
  products: 1 << 24,
  /** Elements that all nodes together read. */
  reads: 1 << 25,
} as const;

/** Product of a shape's sizes. Throws InputError naming `what` where a size, the rank or the product is unusable. */
export function checkedSize(shape: readonly number[], what: string, limit: number = LIMITS.elements): number {
  if (shape.length > LIMITS.rank) {
    throw new InputError(`${what}: has ${shape.length} dimensions, want at most ${LIMITS.rank}`);
  }
  const wrong = shape.find((size) => !Number.isSafeInteger(size) || size < 0);
  if (wrong !== undefined) throw new InputError(`${what}: dimension ${wrong} is not a size`);
  const size = elementCount(shape);
  if (size <= limit) return size;
  throw new InputError(`${what}: shape ${shape.join("×")} has more than ${limit} elements`);
}
