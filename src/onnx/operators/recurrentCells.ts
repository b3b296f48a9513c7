import type { Activation } from "./activations.ts";
import type { StepBuilder } from "./operator.ts";
import { upTo } from "./positions.ts";

/** A row of weights for the input and one for the state, and the biases of both. */
export interface Gate {
  readonly input: readonly number[];
  readonly state: readonly number[];
  readonly inputBias: number;
  readonly stateBias: number;
}

/** One direction of a recurrent network. */
export interface Direction {
  /** For each gate its units, in the order of ONNX. */
  readonly gates: readonly (readonly Gate[])[];
  readonly activations: readonly Activation[];
  /** LSTM: for the input, output and forget gate a weight a unit that the cell is looked at with, where given. */
  readonly peepholes?: readonly (readonly number[])[];
  /** LSTM: the forget gate is 1 less the input gate. */
  readonly couplesForget: boolean;
  /** GRU: the reset gate acts on the product of state and weights, not on the state. */
  readonly resetsLast: boolean;
}

/** One step in time: the value that holds the input, and for each sequence of the batch where its elements lie there. */
export interface Moment {
  readonly value: string;
  readonly windows: readonly (readonly number[])[];
}

/** Values of `hidden` units for each sequence of the batch, unit by unit; undefined where all are 0. */
export interface State {
  readonly hidden: string | undefined;
  readonly cell: string | undefined;
}

/** What a step makes of a state. */
export type Step = (
  builder: StepBuilder,
  direction: Direction,
  moment: Moment,
  state: State,
) => State & { readonly hidden: string };

/** h = f(W·x + R·h + b). */
export const rnnStep: Step = (builder, { gates, activations: [f] }, moment, { hidden }) => ({
  hidden: f(builder, gateSums(builder, gates[0], moment, hidden)),
  cell: undefined,
});

/** c = forget · c + input · candidate, h = output · h(c); gates are input, output, forget and candidate. */
export const lstmStep: Step = (builder, direction, moment, { hidden, cell }) => {
  const [f, g, h] = direction.activations;
  const sums = gateSums(builder, direction.gates.flat(), moment, hidden);
  const [input, output, forget, candidate] = parts(builder, sums, 4);
  const looking = (gate: string, index: number, at: string | undefined) => {
    const weights = direction.peepholes?.[index];
    return weights === undefined || at === undefined ? gate : builder.add(gate, perUnit(builder, at, weights), [1, 1]);
  };
  const opened = f(builder, looking(input, 0, cell));
  const added = builder.multiply(opened, g(builder, candidate));
  const kept = () =>
    direction.couplesForget ? builder.scale(opened, [-1], [1]) : f(builder, looking(forget, 2, cell));
  const next = cell === undefined ? added : builder.add(builder.multiply(kept(), cell), added, [1, 1]);
  return { hidden: builder.multiply(f(builder, looking(output, 1, next)), h(builder, next)), cell: next };
};

/** h = candidate + update · (h − candidate); gates are update, reset and candidate. */
export const gruStep: Step = (builder, direction, moment, { hidden }) => {
  const [f, g] = direction.activations;
  const [ofUpdate, ofReset, ofCandidate] = direction.gates;
  const sums = gateSums(builder, [...ofUpdate, ...ofReset], moment, hidden);
  const [update, reset] = parts(builder, sums, 2).map((part) => f(builder, part));
  const candidate = g(
    builder,
    direction.resetsLast
      ? resetLast(builder, ofCandidate, moment, hidden, reset)
      : gateSums(builder, ofCandidate, moment, hidden && builder.multiply(reset, hidden)),
  );
  const change = hidden === undefined ? builder.scale(candidate, [-1], [0]) : builder.add(hidden, candidate, [1, -1]);
  return { hidden: builder.add(candidate, builder.multiply(update, change), [1, 1]), cell: undefined };
};

/** W·x + R·h + both biases, unit by unit. */
function gateSums(
  builder: StepBuilder,
  gates: readonly Gate[],
  { value, windows }: Moment,
  hidden: string | undefined,
): string {
  const biases = gates.map(({ inputBias, stateBias }) => inputBias + stateBias);
  const ofInput = gates.map(({ input }) => input);
  if (hidden === undefined) return builder.linear([value], { groups: 1, windows, weights: ofInput, bias: biases });
  const start = builder.sizeOf(value);
  return builder.linear([value, hidden], {
    groups: 1,
    windows: windows.map((window, sequence) => [
      ...window,
      ...stateWindow(builder.sizeOf(hidden), windows.length, sequence).map((position) => start + position),
    ]),
    weights: gates.map(({ input, state }) => [...input, ...state]),
    bias: biases,
  });
}

/** W·x + its bias + reset · (R·h + its bias), unit by unit, each in a group of its own. */
function resetLast(
  builder: StepBuilder,
  gates: readonly Gate[],
  { value, windows }: Moment,
  hidden: string | undefined,
  reset: string,
): string {
  const stateBiases = gates.map(({ stateBias }) => stateBias);
  const recurrent =
    hidden === undefined
      ? perUnit(builder, reset, stateBiases)
      : builder.multiply(
          reset,
          builder.linear([hidden], {
            groups: 1,
            windows: windows.map((_, sequence) => stateWindow(builder.sizeOf(hidden), windows.length, sequence)),
            weights: gates.map(({ state }) => state),
            bias: stateBiases,
          }),
        );
  const start = builder.sizeOf(value);
  return builder.linear([value, recurrent], {
    groups: gates.length,
    windows: gates.flatMap((_, unit) =>
      windows.map((window, sequence) => [...window, start + unit * windows.length + sequence]),
    ),
    weights: gates.map(({ input }) => [...input, 1]),
    bias: gates.map(({ inputBias }) => inputBias),
  });
}

/** Positions of all units of one sequence. */
const stateWindow = (size: number, sequences: number, sequence: number): number[] =>
  upTo(size / sequences).map((unit) => unit * sequences + sequence);

/** Each unit times its factor. */
function perUnit(builder: StepBuilder, value: string, factors: readonly number[]): string {
  const sequences = builder.sizeOf(value) / factors.length;
  const repeated = factors.flatMap((factor) => Array<number>(sequences).fill(factor));
  return builder.scale(value, repeated, Array(repeated.length).fill(0));
}

/** Equal consecutive parts of a value. */
function parts(builder: StepBuilder, value: string, count: number): string[] {
  const length = builder.sizeOf(value) / count;
  return upTo(count).map((part) =>
    builder.arrange(
      [value],
      upTo(length).map((index) => part * length + index),
    ),
  );
}
