import type { DivideStep, MultiplyStep } from "../ir/realGraph.ts";
import { productBits, targetFor } from "./activationPlan.ts";
import { constantAt, uniform } from "./align.ts";
import { type IntegerValue, hullOf, sizeOf, widthOf } from "./integerProgram.ts";
import type { Context } from "./quantiseSteps.ts";

/** Widest operand that is not rounded first. */
const MAX_OPERAND_BITS = 24;

/** Width of a quotient's range in its own steps. */
const QUOTIENT_BITS = 15;

/** left · right, both rounded to the width of products. */
export function multiplied(step: MultiplyStep, context: Context): IntegerValue {
  const bits = productBits(context.plan.widthsOf(step).activationBits);
  const [left, right] = [step.left, step.right].map((operand) => operandOf(operand, step.name, bits, context));
  return context.program.append(
    step.name,
    { kernel: "Multiply", left: left.name, right: right.name },
    left.scale * right.scale,
  );
}

/** numerator / denominator, a denominator below one of its steps counting as one. */
export function divided(step: DivideStep, context: Context): IntegerValue {
  const { plan, program } = context;
  const numerator = wide(step.numerator, step.name, context);
  const denominator = positive(wide(step.denominator, step.name, context), step.name, context);
  const unit = numerator.scale / denominator.scale;
  const { low, high } = plan.rangeOf(step.output);
  const extent = Math.max(high, -low) || 1;
  const wanted = plan.targetOf(step.output)?.scale ?? extent / 2 ** QUOTIENT_BITS;
  const multiplier = Math.max(1, Math.ceil(unit / wanted));
  return program.append(
    step.name,
    { kernel: "Divide", numerator: numerator.name, denominator: denominator.name, multiplier },
    unit / multiplier,
  );
}

function operandOf(value: string, name: string, bits: number, context: Context): IntegerValue {
  const present = uniform(context.program, name, context.presentOf(value, name));
  return context.narrowed(value, name, present, targetFor(context.plan.rangeOf(value), bits));
}

/** An operand of a quotient: rounded only where it is very wide. */
function wide(value: string, name: string, context: Context): IntegerValue {
  const present = uniform(context.program, name, context.presentOf(value, name));
  if (widthOf(present).bits <= MAX_OPERAND_BITS) return present;
  return context.narrowed(value, name, present, targetFor(context.plan.rangeOf(value), 16));
}

/** A divisor of at least 1. */
function positive(value: IntegerValue, name: string, { program }: Context): IntegerValue {
  if (hullOf(value).low >= 1n) return value;
  const one = constantAt(program, name, [value.scale], value.scale);
  const count = sizeOf(value);
  return program.append(
    name,
    {
      kernel: "Extreme",
      which: "max",
      inputs: [value.name, one.name],
      windows: Array.from({ length: count }, (_, index) => [index, count]),
    },
    value.scale,
  );
}
