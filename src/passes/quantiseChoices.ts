import type { ArgMaxStep, ArrangeStep, CompareStep, ExtremeStep, OneHotStep, SelectStep } from "../ir/realGraph.ts";
import { align, constantAt, uniform } from "./align.ts";
import { type IntegerValue, hullOf, sizeOf } from "./integerProgram.ts";
import type { Context } from "./quantiseSteps.ts";

/** The greatest or least elements of windows, compared at one scale. */
export function extreme(step: ExtremeStep, context: Context): IntegerValue {
  const { program } = context;
  const [first] = step.inputs.map((input) => context.valueOf(input));
  const exponents = step.inputs.length === 1 ? exponentsOf(first, step.windows) : undefined;
  const operands =
    exponents === undefined
      ? align(
          program,
          step.name,
          step.inputs.map((input) => context.valueOf(input)),
        )
      : [first];
  const inputs = operands.map(({ name }) => name);
  const node = { kernel: "Extreme", which: step.which, inputs, windows: step.windows } as const;
  return program.append(step.name, node, operands[0].scale, exponents);
}

/** The exponent of each window, undefined where a window mixes them. */
function exponentsOf({ exponents, constant }: IntegerValue, windows: ExtremeStep["windows"]): number[] | undefined {
  if (constant !== undefined) return undefined;
  if (exponents === undefined) return windows.map(() => 0);
  const isEven = windows.every((window) => window.every((position) => exponents[position] === exponents[window[0]]));
  return isEven ? windows.map(([position]) => exponents[position]) : undefined;
}

/** A sign does not depend on the scale. */
export function compared(step: CompareStep, context: Context): IntegerValue {
  const value = context.presentOf(step.input, step.name);
  return context.program.append(step.name, { kernel: "Compare", input: value.name, relation: step.relation }, 1);
}

export function selected(step: SelectStep, context: Context): IntegerValue {
  const { program } = context;
  const condition = context.presentOf(step.condition, step.name);
  const [whenTrue, whenFalse] = align(program, step.name, [
    context.valueOf(step.whenTrue),
    context.valueOf(step.whenFalse),
  ]);
  const node = {
    kernel: "Select",
    condition: condition.name,
    whenTrue: whenTrue.name,
    whenFalse: whenFalse.name,
  } as const;
  return program.append(step.name, node, whenTrue.scale);
}

export function arranged(step: ArrangeStep, context: Context): IntegerValue {
  const values = step.inputs.map((input) => context.valueOf(input));
  const single = values.length === 1 && values[0].constant === undefined;
  const operands = single ? values : align(context.program, step.name, values);
  const exponents = single ? values[0].exponents : undefined;
  const node = {
    kernel: "Arrange",
    inputs: operands.map(({ name }) => name),
    indices: step.indices,
    constants: [],
  } as const;
  return context.program.append(
    step.name,
    node,
    operands[0].scale,
    exponents && step.indices.map((index) => exponents[index]),
  );
}

export function argMax(step: ArgMaxStep, context: Context): IntegerValue {
  const value = uniform(context.program, step.name, context.presentOf(step.input, step.name));
  return context.program.append(step.name, { kernel: "ArgMax", input: value.name, batch: step.batch }, 1);
}

/** Indices that could lie outside are brought to the nearest that does not. */
export function oneHot(step: OneHotStep, context: Context): IntegerValue {
  const { program } = context;
  const value = uniform(program, step.name, context.presentOf(step.input, step.name));
  const index = bounded(value, step, context);
  return program.append(step.name, { kernel: "OneHot", input: index.name, size: step.size }, 1);
}

function bounded(value: IntegerValue, { name, size }: OneHotStep, { program }: Context): IntegerValue {
  const { low, high } = hullOf(value);
  const bound = (input: IntegerValue, which: "max" | "min", limit: number) => {
    const constant = constantAt(program, name, [limit], 1);
    const windows = Array.from({ length: sizeOf(input) }, (_, index) => [index, sizeOf(input)]);
    return program.append(name, { kernel: "Extreme", which, inputs: [input.name, constant.name], windows }, 1);
  };
  const above = low < 0n ? bound(value, "max", 0) : value;
  return high >= BigInt(size) ? bound(above, "min", size - 1) : above;
}
