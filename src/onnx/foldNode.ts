import { type Elements, evaluateStep } from "../ir/evaluateStep.ts";
import { operandsOf } from "../ir/realGraph.ts";
import type { Call, Operator, StepBuilder } from "./operators/operator.ts";
import { type Program, stepBuilder } from "./stepBuilder.ts";

/**
 * The elements of each output of a node that depends on constants alone: its own lowering, evaluated in double precision.
 * Integers are exact below 2^53.
 */
export function foldNode(call: Call, { lower }: Operator): Elements[] {
  const program: Program = { steps: [], values: new Map(), sizes: new Map() };
  const results = lower(call, stepBuilder(call.node, program, usedSomehow));
  const elements = new Map<string, Elements>();
  for (const step of program.steps) {
    const operands = operandsOf(step).map((operand) => elements.get(operand)!);
    elements.set(step.output, evaluateStep(step, operands));
  }
  return results.map((result) => elements.get(result)!);
}

/** Lowering may not count on who reads a constant. */
const usedSomehow: StepBuilder["usesOf"] = () => ({ nodes: [], isOutput: true });
