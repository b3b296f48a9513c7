import type { ArrangeStep, ExtremeStep, LinearStep, RealGraph, RealStep } from "../ir/realGraph.ts";
import { type Surroundings, rewriteSteps } from "./rewrite.ts";

/** A step that reads elements by their positions. */
type PositionalStep = ArrangeStep | ExtremeStep | LinearStep;

/** Lets steps that read by position read through an Arrange what it arranges, so that it makes no wires. */
export const composeArranges = (graph: RealGraph, sizes: ReadonlyMap<string, number>): RealGraph =>
  rewriteSteps(graph, sizes, (step, around) => [isPositional(step) ? composed(step, around) : step]);

const isPositional = (step: RealStep): step is PositionalStep =>
  step.kind === "Arrange" || step.kind === "Extreme" || step.kind === "Linear";

function composed(step: PositionalStep, around: Surroundings): RealStep {
  const makers = step.inputs.map((input) => around.maker(input));
  if (makers.every((maker) => maker?.kind !== "Arrange")) return step;
  const sources = step.inputs.flatMap((input, index) => sourcesOf(input, makers[index], around));
  const read = new Set(positionsIn(step).map((position) => sources[position].value));
  const starts = new Map<string, number>();
  [...read].reduce((start, value) => {
    starts.set(value, start);
    return start + around.sizeOf(value);
  }, 0);
  const moved = (position: number) => {
    if (position < 0) return position;
    const { value, index } = sources[position];
    return starts.get(value)! + index;
  };
  const inputs = [...read];
  if (step.kind === "Arrange") return { ...step, inputs, indices: step.indices.map(moved) };
  return { ...step, inputs, windows: step.windows.map((window) => window.map(moved)) };
}

/** An element of a value. */
interface Source {
  readonly value: string;
  readonly index: number;
}

/** Positions that a step reads; padding is none. */
const positionsIn = (step: PositionalStep): number[] =>
  (step.kind === "Arrange" ? [...step.indices] : step.windows.flat()).filter((position) => position >= 0);

/** Where each element of an input comes from: what an Arrange arranges, or the input itself. */
function sourcesOf(input: string, maker: RealStep | undefined, { sizeOf }: Surroundings): Source[] {
  const elementsOf = (value: string): Source[] =>
    Array.from({ length: sizeOf(value) }, (_, index) => ({ value, index }));
  if (maker?.kind !== "Arrange") return elementsOf(input);
  const all = maker.inputs.flatMap(elementsOf);
  return maker.indices.map((index) => all[index]);
}
