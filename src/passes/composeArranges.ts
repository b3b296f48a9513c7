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
  const inputs = [...new Set(step.inputs.flatMap((input, index) => sourcesOf(input, makers[index])))];
  const starts = new Map<string, number>();
  inputs.reduce((start, input) => {
    starts.set(input, start);
    return start + around.sizeOf(input);
  }, 0);
  const positions = step.inputs.flatMap((input, index) => positionsOf(input, makers[index], starts, around));
  const moved = (position: number) => (position < 0 ? position : positions[position]);
  if (step.kind === "Arrange") return { ...step, inputs, indices: step.indices.map(moved) };
  return { ...step, inputs, windows: step.windows.map((window) => window.map(moved)) };
}

const sourcesOf = (input: string, maker: RealStep | undefined): readonly string[] =>
  maker?.kind === "Arrange" ? maker.inputs : [input];

/** Where each element of an input stands among the new inputs. */
function positionsOf(
  input: string,
  maker: RealStep | undefined,
  starts: ReadonlyMap<string, number>,
  { sizeOf }: Surroundings,
): number[] {
  const all = sourcesOf(input, maker).flatMap((source) =>
    Array.from({ length: sizeOf(source) }, (_, index) => starts.get(source)! + index),
  );
  return maker?.kind === "Arrange" ? maker.indices.map((index) => all[index]) : all;
}
