import type { IntegerGraph, IntegerInput, KernelNode } from "../ir/integerGraph.ts";
import { guaranteesOf } from "../kernels/guarantees.ts";
import { evaluateValues, intervalsOf, operandsOf } from "../kernels/interpret.ts";
import { type Emission, FIELD, type Interval, unbounded } from "../kernels/kernel.ts";
import { kernelOf } from "../kernels/kernelOf.ts";

/** Values of an instance's inputs and outputs for which no witness may exist; any value where there is none. */
export interface Refusal {
  readonly inputs: readonly (bigint | undefined)[];
  readonly outputs: readonly (bigint | undefined)[];
}

/** Admissible inputs and the only outputs that they may have. */
export interface HonestCase {
  readonly inputs: readonly bigint[];
  readonly outputs: readonly bigint[];
}

/** A small circuit over templates of the library, and what it must and must not accept. */
export interface Instance {
  readonly name: string;
  readonly includes: readonly string[];
  /** Functions at top level. */
  readonly declarations: string;
  /** Statements of a template with the signals `in[inputCount]` and `out[outputCount]`. */
  readonly body: string;
  readonly inputCount: number;
  readonly outputCount: number;
  readonly cases: readonly HonestCase[];
  readonly refusals: readonly Refusal[];
}

/** Least and greatest number that an input takes. */
export type Range = readonly [low: number | bigint, high: number | bigint];

/** Most inputs that an instance is tried on. */
const MOST_CASES = 40;
/** Steps through many combinations so that all digits change; a prime greater than any number of them that is drawn. */
const STRIDE = 2_654_435_761n;

/** All combinations of numbers in their ranges, or the corners and a fixed choice of others where these are many. */
export function combinations(ranges: readonly Range[], most = MOST_CASES): bigint[][] {
  const sizes = ranges.map(([low, high]) => BigInt(high) - BigInt(low) + 1n);
  const total = sizes.reduce((product, size) => product * size, 1n);
  const pick = (index: bigint): bigint[] => {
    let left = index;
    return ranges.map(([low], at) => {
      const digit = left % sizes[at];
      left /= sizes[at];
      return BigInt(low) + digit;
    });
  };
  if (total <= BigInt(most)) return Array.from({ length: Number(total) }, (_, index) => pick(BigInt(index)));
  const indices = Array.from({ length: most - 2 }, (_, index) => (BigInt(index) * STRIDE + 1n) % total);
  return [...new Set([0n, total - 1n, ...indices])].map(pick);
}

/** A call of one template by its parameters. */
interface TemplateCall {
  readonly template: string;
  readonly parameters: string;
  /** Signals of the template in the order of the instance's inputs and outputs. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly tries: readonly (readonly bigint[])[];
  /** The only outputs; undefined where the template must refuse the inputs. */
  readonly reference: (inputs: readonly bigint[]) => readonly bigint[] | undefined;
  /** The file, where it is not called like the template. */
  readonly file?: string;
  readonly refusals?: readonly Refusal[];
}

/** The instance of a template called on its own. */
export function templateInstance(call: TemplateCall): Instance {
  const { template, parameters, inputs, outputs, tries, reference } = call;
  const results = tries.map((values) => ({ inputs: values, outputs: reference(values) }));
  return {
    name: `${template}(${parameters})`,
    includes: [`${call.file ?? template}.circom`],
    declarations: "",
    body: [
      `component it = ${template}(${parameters});`,
      ...inputs.map((signal, index) => `it.${signal} <== in[${index}];`),
      ...outputs.map((signal, index) => `out[${index}] <== it.${signal};`),
    ].join("\n"),
    inputCount: inputs.length,
    outputCount: outputs.length,
    cases: results.flatMap((result) =>
      result.outputs === undefined ? [] : [{ inputs: result.inputs, outputs: result.outputs }],
    ),
    refusals: [
      ...(call.refusals ?? []),
      ...results.flatMap((result) =>
        result.outputs === undefined ? [{ inputs: result.inputs, outputs: outputs.map(() => undefined) }] : [],
      ),
    ],
  };
}

/**
 * The circuit that a kernel emits for operands inside `ranges`, one list an operand. Refusals are the bounds that the
 * kernel's constraints are said to put on results and operands, whatever the other values.
 */
export function kernelInstance(name: string, node: KernelNode, ranges: readonly (readonly Range[])[]): Instance {
  const kernel = kernelOf(node);
  kernel.requireAttributes(node);
  const operands = ranges.map((elements): Interval => ({
    low: elements.map(([low]) => BigInt(low)),
    high: elements.map(([, high]) => BigInt(high)),
  }));
  const names = kernel.operands(node);
  const lengths = ranges.map(({ length }) => length);
  const free = operands.map(({ low }) => unbounded(low.length));
  const result = unbounded(kernel.interval(node, operands).low.length);
  const wires = names.map((operand, at) => ranges[at].map((_, index) => names.indexOf(operand) * 2 ** 20 + index));
  const emission = kernel.emit(node, operands, { operands: free, result, wires });
  const split = (flat: readonly bigint[]): bigint[][] => {
    let start = 0;
    return lengths.map((length) => flat.slice(start, (start += length)));
  };
  return {
    ...circuitOf(name, [emission], names, lengths, [{ name: node.output, length: result.low.length }]),
    cases: combinations(ranges.flat()).map((inputs) => ({ inputs, outputs: kernel.reference(node, split(inputs)) })),
    refusals: [
      ...beyond(kernel.boundOperands(node, operands, result)).map((inputs) => ({
        inputs,
        outputs: result.low.map(() => undefined),
      })),
      ...beyond([kernel.boundResult(node, operands, free, result)]).map((outputs) => ({
        inputs: ranges.flat().map(() => undefined),
        outputs,
      })),
    ],
  };
}

/** For each element that is bounded the numbers just beyond, all other elements being free. */
function beyond(intervals: readonly Interval[]): (bigint | undefined)[][] {
  const low = intervals.flatMap((interval) => interval.low);
  const high = intervals.flatMap((interval) => interval.high);
  const only = (index: number, value: bigint) => low.map((_, at) => (at === index ? value : undefined));
  return low.flatMap((least, index) =>
    least > -FIELD && high[index] < FIELD ? [only(index, least - 1n), only(index, high[index] + 1n)] : [],
  );
}

/** A program of several kernels over inputs of some bits, as a model's: rows are packed and bounds taken from readers. */
export function programInstance(
  name: string,
  inputs: readonly IntegerInput[],
  kernels: readonly KernelNode[],
): Instance {
  const outputs = [kernels[kernels.length - 1].output];
  const graph: IntegerGraph = {
    format: "tollgate-graph-1",
    name,
    source: { onnxSha256: "" },
    inputs,
    kernels,
    outputs: [],
  };
  const intervals = intervalsOf(graph);
  const guarantees = guaranteesOf(graph, intervals);
  const emissions = kernels.map((node, index) =>
    kernelOf(node).emit(node, operandsOf(node, intervals), guarantees[index]),
  );
  const lengths = inputs.map((input) => intervals.get(input.name)!.low.length);
  const ranges = inputs.flatMap((input): Range[] => {
    const { low, high } = intervals.get(input.name)!;
    return low.map((least, index) => [least, high[index]]);
  });
  const given = outputs.map((output) => ({ name: output, length: intervals.get(output)!.low.length }));
  const names = inputs.map((input) => input.name);
  return {
    ...circuitOf(name, emissions, names, lengths, given),
    cases: combinations(ranges).map((values) => {
      let start = 0;
      const tensors = lengths.map((length) => values.slice(start, (start += length)));
      const known = evaluateValues(graph, tensors);
      return { inputs: values, outputs: outputs.flatMap((output) => known.get(output)!) };
    }),
    refusals: [],
  };
}

/** Text of an instance whose values are `in` cut into operands. */
function circuitOf(
  name: string,
  emissions: readonly Emission[],
  operands: readonly string[],
  lengths: readonly number[],
  outputs: readonly { readonly name: string; readonly length: number }[],
): Omit<Instance, "cases" | "refusals"> {
  let start = 0;
  const declared = new Set<string>();
  const operandLines = operands.flatMap((operand, at) => {
    const first = start;
    start += lengths[at];
    if (declared.has(operand)) throw new Error(`${name}: operand ${operand} comes twice`);
    declared.add(operand);
    return [
      `signal ${operand}[${lengths[at]}];`,
      `for (var i = 0; i < ${lengths[at]}; i++) { ${operand}[i] <== in[${first} + i]; }`,
    ];
  });
  let next = 0;
  const outputLines = outputs.map((output) => {
    const first = next;
    next += output.length;
    return `for (var i = 0; i < ${output.length}; i++) { out[${first} + i] <== ${output.name}[i]; }`;
  });
  return {
    name,
    includes: emissions.flatMap(({ includes }) => includes),
    declarations: emissions.map(({ declarations }) => declarations).join("\n"),
    body: [...operandLines, ...emissions.map(({ statements }) => statements), ...outputLines].join("\n"),
    inputCount: start,
    outputCount: next,
  };
}
