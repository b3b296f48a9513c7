import { elementCount, highest, lowest } from "../codec/codec.ts";
import type { IntegerInput, KernelNode } from "../ir/integerGraph.ts";
import type { RealGraph, RealStep } from "../ir/realGraph.ts";
import type { ActivationPlan } from "./activationPlan.ts";
import { type IntegerValue, type Program, createProgram } from "./integerProgram.ts";
import { constantValue, materialised, uniform } from "./align.ts";
import { type Target, narrow } from "./narrow.ts";
import * as choices from "./quantiseChoices.ts";
import { applied } from "./quantiseApply.ts";
import { linear, rectified, scaled } from "./quantiseLinear.ts";
import { divided, multiplied } from "./quantiseProducts.ts";
import { trees } from "./quantiseTrees.ts";

/** What the quantisers of the kinds of step share. */
export interface Context {
  readonly plan: ActivationPlan;
  readonly program: Program;
  /** The integer value of a real one; a constant may not be in the program yet. */
  valueOf(value: string): IntegerValue;
  /** The value in the program, whatever it is. */
  presentOf(value: string, name: string): IntegerValue;
  /** `present`, the value's integers, in the width of a target; rounded once for all steps that want the same. */
  narrowed(value: string, name: string, present: IntegerValue, target: Target): IntegerValue;
}

/** An integer program with what its values stand for. */
export interface QuantisedSteps {
  readonly kernels: readonly KernelNode[];
  /** The value that a program gives out for a real one. */
  outputOf(value: string): IntegerValue;
  /** Values that stand for one of the real program, by their name; others only prepare them. */
  readonly meanings: ReadonlyMap<string, Meaning>;
}

/** What an integer value stands for. */
export interface Meaning {
  /** The value of the real program. */
  readonly real: string;
  readonly value: IntegerValue;
  /** The ONNX node that it came from. */
  readonly node: string;
}

/** Makes kernels for every step. Weights and biases become integers; scales follow the plan. */
export function quantiseSteps(
  graph: RealGraph,
  inputs: readonly IntegerInput[],
  plan: ActivationPlan,
  identifier: (text: string) => string,
): QuantisedSteps {
  const values = new Map(graph.inputs.map(({ value }, index) => [value, valueOfInput(inputs[index])]));
  const program = createProgram([...values.values()], identifier);
  const rounded = new Map<string, IntegerValue>();
  const meanings = new Map<string, Meaning>();
  const context: Context = {
    plan,
    program,
    valueOf: (value) => values.get(value)!,
    presentOf(value, name) {
      const present = materialised(program, name, values.get(value)!);
      values.set(value, present);
      return present;
    },
    narrowed(value, name, present, target) {
      const key = `${target.bits} ${value}`;
      const result = rounded.get(key) ?? narrow(program, `${name}_input`, present, target);
      rounded.set(key, result);
      if (result !== present) meanings.set(result.name, { real: value, value: result, node: name });
      return result;
    },
  };
  for (const step of graph.steps) {
    const value = quantiseStep(step, context);
    values.set(step.output, value);
    if (!meanings.has(value.name)) meanings.set(value.name, { real: step.output, value, node: step.name });
  }
  return {
    kernels: program.kernels,
    meanings,
    outputOf: (value) => uniform(program, value, context.presentOf(value, value)),
  };
}

function valueOfInput({ name, shape, scale, exponents, ...codec }: IntegerInput): IntegerValue {
  const count = elementCount(shape);
  const interval = { low: Array(count).fill(lowest(codec)), high: Array(count).fill(highest(codec)) };
  return { name, scale, exponents, interval };
}

function quantiseStep(step: RealStep, context: Context): IntegerValue {
  switch (step.kind) {
    case "Linear":
      return linear(step, context);
    case "Scale":
      return scaled(step, context);
    case "Relu":
      return rectified(step, context);
    case "Apply":
      return applied(step, context);
    case "Multiply":
      return multiplied(step, context);
    case "Divide":
      return divided(step, context);
    case "Extreme":
      return choices.extreme(step, context);
    case "Compare":
      return choices.compared(step, context);
    case "Select":
      return choices.selected(step, context);
    case "Arrange":
      return choices.arranged(step, context);
    case "ArgMax":
      return choices.argMax(step, context);
    case "OneHot":
      return choices.oneHot(step, context);
    case "Trees":
      return trees(step, context);
    case "Constant":
      return constantValue(step.data);
  }
}
