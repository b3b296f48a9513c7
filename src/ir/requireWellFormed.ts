import { InputError } from "../errors.ts";
import type { IntegerGraph, KernelNode } from "./integerGraph.ts";

/**
 * Throws InputError unless every size and attribute of a program is an integer in its range, so that interpreter and
 * circuit text read the same number: beyond 2^53 a double prints otherwise than it counts. Names, operands, widths
 * and kinds of kernel are checked where they are used.
 */
export function requireWellFormed({ inputs, kernels, outputs }: IntegerGraph): void {
  for (const { name, shape } of [...inputs, ...outputs]) {
    requireIntegers(`tensor ${name}: size`, shape, 1);
  }
  for (const node of kernels) requireAttributes(node);
}

function requireAttributes(node: KernelNode): void {
  const where = `kernel ${node.name} (${node.kernel}):`;
  if (node.kernel === "Linear") {
    requireIntegers(`${where} batch`, [node.batch], 1);
    requireIntegers(`${where} number of outputs`, [node.weights.length], 1);
    for (const row of node.weights) requireIntegers(`${where} weight`, row);
    requireIntegers(`${where} bias`, node.bias);
  } else if (node.kernel === "Requantise") {
    requireIntegers(`${where} shift`, [node.shift], 0);
    requireIntegers(`${where} bits`, [node.bits], 1);
  } else if (node.kernel === "ArgMax") {
    requireIntegers(`${where} batch`, [node.batch], 1);
  } else if (node.kernel === "Permute") {
    requireIntegers(`${where} index`, node.indices, 0);
  } else if (node.kernel === "Add") {
    requireIntegers(`${where} multiplier`, node.multipliers);
  }
}

function requireIntegers(what: string, values: readonly number[], least = Number.MIN_SAFE_INTEGER): void {
  const wrong = values.find((value) => !Number.isSafeInteger(value) || value < least);
  if (wrong === undefined) return;
  const range = least === Number.MIN_SAFE_INTEGER ? "below 2^53" : `from ${least}`;
  throw new InputError(`${what} ${wrong}: want an integer ${range}`);
}
