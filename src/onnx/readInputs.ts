import { InputError } from "../errors.ts";
import type { ValueInfo } from "../ir/graph.ts";
import { LIMITS, checkedSize } from "./limits.ts";
import { FLOAT16, elementKindOf, toInteger } from "./readTensor.ts";
import type { ValueInfoProto } from "./schema.ts";

/** Sizes for the axes that a file leaves open. */
export interface ReadOptions {
  /** By the axis' symbolic name; an axis without a name is called `<input>.<axis>`. */
  readonly dimensions?: ReadonlyMap<string, number> | undefined;
  /** Size of a first axis that is open; 1 where this is absent too. */
  readonly batch?: number | undefined;
}

/** An axis whose size the file leaves to the user. */
interface OpenAxis {
  readonly input: string;
  readonly axis: number;
  /** What `--dim` calls it. */
  readonly symbol: string;
}

/**
 * The model's inputs with static shapes, and a note for each size that was assumed. Throws InputError on an input that
 * is no tensor, on an open axis that is not set, and on options that set nothing.
 */
export function readInputs(
  protos: readonly ValueInfoProto[],
  options: ReadOptions,
): { inputs: ValueInfo[]; notes: string[] } {
  const open: OpenAxis[] = [];
  const inputs = protos.map((proto) => readInput(proto, options, open));
  requireUsed(open, options);
  const assumed = open.filter((axis) => sizeGiven(axis, options) === undefined);
  const notes = assumed.map((axis) => `${labelOf(axis)} is open and was set to 1; --batch N sets it`);
  return { inputs, notes };
}

function readInput({ name, type }: ValueInfoProto, options: ReadOptions, open: OpenAxis[]): ValueInfo {
  const what = `input ${JSON.stringify(name)}`;
  const tensor = type?.tensorType;
  if (tensor == null) throw new InputError(`${what}: is not a tensor`);
  requireNotHalf(tensor.elemType, what);
  if (tensor.shape === null) throw new InputError(`${what}: has no shape; export the model with static shapes`);
  const shape = tensor.shape.dim.map(({ dimValue, dimParam }, axis) => {
    const size = toInteger(dimValue, `${what} dimension ${axis}`);
    if (size > 0) return size;
    open.push({ input: name, axis, symbol: dimParam || `${name}.${axis}` });
    return openSize(open[open.length - 1], options);
  });
  checkedSize(shape, what, LIMITS.computed);
  return { name, ...elementKindOf(tensor.elemType, what), shape };
}

/** Refuses half precision for an input or output of the graph. */
export function requireNotHalf(elementType: number | undefined, what: string): void {
  if (elementType !== FLOAT16) return;
  throw new InputError(
    `${what}: is of type float16, which is supported for weights only; export the model with float inputs and outputs`,
  );
}

/** An open first axis is the batch and may be left alone; the user must set every other. */
function openSize(open: OpenAxis, options: ReadOptions): number {
  const given = sizeGiven(open, options);
  if (given === undefined && open.axis === 0) return 1;
  if (given === undefined) {
    throw new InputError(`${labelOf(open)}: is dynamic; set it with --dim ${JSON.stringify(`${open.symbol}=N`)}`);
  }
  if (Number.isSafeInteger(given) && given > 0) return given;
  throw new InputError(`${labelOf(open)}: size ${given} is not a positive integer`);
}

const sizeGiven = ({ axis, symbol }: OpenAxis, { dimensions, batch }: ReadOptions): number | undefined =>
  dimensions?.get(symbol) ?? (axis === 0 ? batch : undefined);

const labelOf = ({ input, axis, symbol }: OpenAxis): string =>
  `input ${JSON.stringify(input)} dimension ${axis} (${JSON.stringify(symbol)})`;

function requireUsed(open: readonly OpenAxis[], { dimensions = new Map(), batch }: ReadOptions): void {
  const symbols = open.map(({ symbol }) => symbol);
  const wrong = [...dimensions.keys()].find((name) => !symbols.includes(name));
  const found = `the model's open dimensions are: ${symbols.map((symbol) => JSON.stringify(symbol)).join(", ") || "none"}`;
  if (wrong !== undefined) throw new InputError(`--dim ${wrong}: no such dimension; ${found}`);
  if (batch !== undefined && !open.some(({ axis }) => axis === 0)) {
    throw new InputError(`--batch ${batch}: no input has an open first dimension; ${found}`);
  }
}
