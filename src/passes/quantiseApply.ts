import type { ApplyStep } from "../ir/realGraph.ts";
import { MAX_INDEX_BITS, type TableIndex } from "./activationPlan.ts";
import { uniform } from "./align.ts";
import { type IntegerValue, type Program, hullOf, sizeOf, toInteger, widthOf } from "./integerProgram.ts";
import { narrow, requantise } from "./narrow.ts";
import type { Context } from "./quantiseSteps.ts";
import type { Range } from "./realRanges.ts";

/** Width of a function's results where nobody asks for less: a table's entries cost nothing. */
const RESULT_BITS = 16;

/** An index of a table: integer i stands for zero + i · scale. */
interface Index {
  readonly value: IntegerValue;
  readonly zero: number;
}

/** A function of each element, by a table over all integers that the element can be. */
export function applied(step: ApplyStep, context: Context): IntegerValue {
  if (step.function.name === "Sqrt") return root(step, context);
  const index = indexed(step, context);
  const { low, high } = hullOf(index.value);
  const integers = Array.from({ length: Number(high - low) + 1 }, (_, at) => Number(low) + at);
  const results = defined(
    integers.map((integer) => step.function.apply(index.zero + integer * index.value.scale)),
    context.plan.rangeOf(step.output),
  );
  const { scale, low: least, high: greatest } = resultsOf(step, results, context);
  const clamp = (integer: number) => Math.min(Math.max(integer, least), greatest);
  const values = results.map((result) => clamp(toInteger(result / scale, step.name)));
  if (values.length === 1) values.push(values[0]);
  return context.program.append(
    step.name,
    { kernel: "Table", input: index.value.name, low: Number(low), values },
    scale,
  );
}

/** The argument as an index of a table: itself where it has few enough values, else rounded. */
function indexed(step: ApplyStep, context: Context): Index {
  const { plan, program } = context;
  const value = uniform(program, step.name, context.presentOf(step.input, step.name));
  const target = plan.indexOf(step);
  const most = step.function.jumps ? MAX_INDEX_BITS : target.bits;
  if (widthOf(value).bits <= most) return { value, zero: 0 };
  if (target.low === 0) return { value: narrow(program, step.name, value, target), zero: 0 };
  return shifted(step, value, target, program);
}

/** The index counted from the lowest argument. */
function shifted({ name }: ApplyStep, value: IntegerValue, target: TableIndex, program: Program): Index {
  const offset = toInteger(target.low / value.scale, name);
  const distance = program.append(
    name,
    {
      kernel: "Linear",
      inputs: [value.name],
      groups: 1,
      windows: Array.from({ length: sizeOf(value) }, (_, index) => [index]),
      weights: [[1]],
      bias: [-offset],
    },
    value.scale,
  );
  return { value: requantise(program, name, distance, target), zero: offset * value.scale };
}

/** Results where the function has none are those of the nearest argument; none is further out than it was ever seen. */
function defined(results: readonly number[], { low, high }: Range): number[] {
  const reach = high - low;
  const inside = (result: number) => Math.min(Math.max(result, low - reach), high + reach);
  const known = results.flatMap((result, index) => (Number.isFinite(result) ? [index] : []));
  let next = 0;
  return results.map((_, index) => {
    while (next + 1 < known.length && Math.abs(known[next + 1] - index) <= Math.abs(known[next] - index)) next += 1;
    return known.length === 0 ? 0 : inside(results[known[next]]);
  });
}

/** Scale and bounds of the entries: integers stay as they are, other results get the width that their readers want. */
function resultsOf(
  step: ApplyStep,
  results: readonly number[],
  { plan }: Context,
): { scale: number; low: number; high: number } {
  const most = 2 ** (RESULT_BITS + 4);
  if (results.every((result) => Number.isInteger(result) && Math.abs(result) < most))
    return { scale: 1, low: -most, high: most };
  const target = plan.narrowingOf(step.output);
  const extent = results.reduce((greatest, result) => Math.max(greatest, Math.abs(result)), 0);
  const bits = target?.bits ?? RESULT_BITS;
  const signed = target?.signed ?? true;
  const scale = target?.scale ?? extent / (2 ** (bits - 1) - 1);
  const high = 2 ** (signed ? bits - 1 : bits) - 1;
  return { scale, low: signed ? -high - 1 : 0, high };
}

/** Square root by its own kernel, of numbers that are made non-negative first. */
function root(step: ApplyStep, context: Context): IntegerValue {
  const { plan, program } = context;
  const value = uniform(program, step.name, context.presentOf(step.input, step.name));
  const { low, high } = hullOf(value);
  const argument =
    low >= 0n
      ? value
      : program.append(
          step.name,
          {
            kernel: "Requantise",
            input: value.name,
            shifts: [0],
            bits: widthOf({ ...value, interval: { low: [0n], high: [high] } }).bits,
            signed: false,
          },
          value.scale,
        );
  const extent = plan.rangeOf(step.output).high;
  const wanted = plan.narrowingOf(step.output)?.scale ?? (extent > 0 ? extent : 1) / 2 ** (RESULT_BITS - 2);
  const multiplier = Math.max(1, Math.ceil(argument.scale / (wanted / 4) ** 2));
  return program.append(
    step.name,
    { kernel: "Root", input: argument.name, multiplier },
    Math.sqrt(argument.scale / multiplier),
  );
}
