import type { Tensor, ValueType } from "../../ir/graph.ts";
import { activationsOf } from "./activations.ts";
import { choiceOf } from "./choice.ts";
import {
  type Call,
  OPSETS,
  type Operator,
  type StepBuilder,
  constantAt,
  integerAttribute,
  nodeError,
  operandAt,
} from "./operator.ts";
import { upTo } from "./positions.ts";
import { type Direction, type Gate, type State, type Step, gruStep, lstmStep, rnnStep } from "./recurrentCells.ts";

/** Simple recurrent network; weights are constant and every sequence has its full length, as in the two below. */
export const rnn: Operator = recurrent({ name: "RNN", gates: 1, functions: ["Tanh"], step: rnnStep });

export const gru: Operator = recurrent({
  name: "GRU",
  gates: 3,
  functions: ["Sigmoid", "Tanh"],
  attributes: ["linear_before_reset"],
  step: gruStep,
});

export const lstm: Operator = recurrent({
  name: "LSTM",
  gates: 4,
  functions: ["Sigmoid", "Tanh", "Tanh"],
  attributes: ["input_forget"],
  hasCell: true,
  step: lstmStep,
});

interface Kind {
  readonly name: string;
  readonly gates: number;
  /** Default activations. */
  readonly functions: readonly string[];
  readonly attributes?: readonly string[];
  readonly hasCell?: boolean;
  readonly step: Step;
}

/** Numbers of operands in the order of ONNX. */
const OPERAND = { x: 0, w: 1, r: 2, b: 3, lengths: 4, hidden: 5, cell: 6, peepholes: 7 } as const;

function recurrent(kind: Kind): Operator {
  return {
    name: kind.name,
    opsets: OPSETS,
    arity: [3, kind.hasCell ? 8 : 6],
    attributes: [
      "activation_alpha",
      "activation_beta",
      "activations",
      "direction",
      "hidden_size",
      "layout",
      ...(kind.attributes ?? []),
    ],
    infer(call) {
      const sizes = checkedSizes(call, kind);
      const { type } = operandAt(call, OPERAND.x);
      const { directions, steps, sequences, units, isBatchFirst } = sizes;
      const last = isBatchFirst ? [sequences, directions, units] : [directions, sequences, units];
      const all = isBatchFirst ? [sequences, steps, directions, units] : [steps, directions, sequences, units];
      const outputs: ValueType[] = [all, last, last].map((shape) => ({ type, shape }));
      return outputs.slice(0, call.node.outputs.length);
    },
    products(call) {
      const { directions, steps, sequences, units, inputs } = sizesOf(call);
      return directions * steps * sequences * kind.gates * units * (inputs + units);
    },
    lower(call, builder) {
      const sizes = sizesOf(call);
      const runs = directionsOf(call, kind).map((direction, index) => run(call, builder, kind, direction, index));
      const outputs = [
        joined(
          builder,
          runs.map(({ hidden }) => hidden),
          sizes,
        ),
        joined(
          builder,
          runs.map(({ last }) => [last.hidden!]),
          sizes,
        ),
      ];
      if (kind.hasCell)
        outputs.push(
          joined(
            builder,
            runs.map(({ last }) => [last.cell!]),
            sizes,
          ),
        );
      return outputs.slice(0, call.node.outputs.length);
    },
  };
}

interface Sizes {
  readonly directions: number;
  /** Length of the sequences. */
  readonly steps: number;
  /** Size of the batch. */
  readonly sequences: number;
  readonly inputs: number;
  readonly units: number;
  readonly isBatchFirst: boolean;
}

function sizesOf(call: Call): Sizes {
  const { shape } = operandAt(call, OPERAND.x);
  if (shape.length !== 3) throw nodeError(call, `X has ${shape.length} dimensions, want 3`);
  const isBatchFirst = integerAttribute(call, "layout", 0) === 1;
  const [steps, sequences] = isBatchFirst ? [shape[1], shape[0]] : shape;
  const units = constantAt(call, OPERAND.r, "R").shape.at(-1) ?? 0;
  const directions = directionOf(call) === "bidirectional" ? 2 : 1;
  return { directions, steps, sequences, inputs: shape[2], units, isBatchFirst };
}

const directionOf = (call: Call) => choiceOf(call, "direction", "forward", ["forward", "reverse", "bidirectional"]);

function checkedSizes(call: Call, { gates, functions }: Kind): Sizes {
  const sizes = sizesOf(call);
  const { directions, sequences, inputs, units, steps, isBatchFirst } = sizes;
  if (steps > MOST_STEPS) throw nodeError(call, `its sequences have ${steps} steps, want at most ${MOST_STEPS}`);
  activationsOf(call, repeatedFor(directions, functions));
  requireShape(call, OPERAND.w, "W", [directions, gates * units, inputs]);
  requireShape(call, OPERAND.r, "R", [directions, gates * units, units]);
  requireShape(call, OPERAND.b, "B", [directions, 2 * gates * units]);
  requireShape(call, OPERAND.peepholes, "P", [directions, 3 * units]);
  const state = isBatchFirst ? [sequences, directions, units] : [directions, sequences, units];
  for (const index of [OPERAND.hidden, OPERAND.cell]) {
    const shape = call.operands[index]?.shape ?? state;
    if (String(shape) !== String(state))
      throw nodeError(call, `operand ${index} is of shape ${shape.join("×")}, want ${state.join("×")}`);
  }
  if (call.operands[OPERAND.lengths] !== undefined) {
    const shorter = constantAt(call, OPERAND.lengths, "sequence_lens").data.find((length) => length !== steps);
    if (shorter !== undefined) throw nodeError(call, `sequence_lens holds ${shorter}, only ${steps} is supported`);
  }
  return sizes;
}

/** Steps in time: far more than a circuit can hold. */
const MOST_STEPS = 1 << 14;

/** Throws InputError where a constant operand that is given has another shape. */
function requireShape(call: Call, index: number, what: string, shape: readonly number[]): void {
  if (call.operands[index] === undefined) return;
  const found = constantAt(call, index, what).shape;
  if (String(found) !== String(shape))
    throw nodeError(call, `${what} is of shape ${found.join("×")}, want ${shape.join("×")}`);
}

const repeatedFor = (directions: number, functions: readonly string[]): string[] =>
  upTo(directions).flatMap(() => functions);

function directionsOf(call: Call, { gates, functions }: Kind): Direction[] {
  const { directions, inputs, units } = sizesOf(call);
  const activations = activationsOf(call, repeatedFor(directions, functions));
  const constant = (index: number): Tensor | undefined => call.operands[index]?.constant;
  const [w, r] = [constant(OPERAND.w)!.data, constant(OPERAND.r)!.data];
  const row = (data: readonly number[], index: number, length: number) =>
    data.slice(index * length, (index + 1) * length);
  return upTo(directions).map((direction) => {
    const bias = (half: number, unit: number) =>
      constant(OPERAND.b)?.data[(2 * direction + half) * gates * units + unit] ?? 0;
    const gateAt = (unit: number): Gate => ({
      input: row(w, direction * gates * units + unit, inputs),
      state: row(r, direction * gates * units + unit, units),
      inputBias: bias(0, unit),
      stateBias: bias(1, unit),
    });
    const peepholes = constant(OPERAND.peepholes)?.data;
    return {
      gates: upTo(gates).map((gate) => upTo(units).map((unit) => gateAt(gate * units + unit))),
      activations: activations.slice(direction * functions.length, (direction + 1) * functions.length),
      ...(peepholes && { peepholes: upTo(3).map((gate) => row(peepholes, direction * 3 + gate, units)) }),
      couplesForget: integerAttribute(call, "input_forget", 0) !== 0,
      resetsLast: integerAttribute(call, "linear_before_reset", 0) !== 0,
    };
  });
}

/** The hidden state after each step, in the order of time, and the state after the last one made. */
interface Run {
  readonly hidden: readonly string[];
  readonly last: State;
}

function run(call: Call, builder: StepBuilder, { step }: Kind, direction: Direction, index: number): Run {
  const { steps, sequences, inputs, isBatchFirst } = sizesOf(call);
  const isReverse = index === 1 || directionOf(call) === "reverse";
  const value = builder.valueOf(operandAt(call, OPERAND.x));
  const order = isReverse ? upTo(steps).toReversed() : upTo(steps);
  const hidden = Array<string>(steps);
  let state: State = {
    hidden: initial(call, builder, OPERAND.hidden, index),
    cell: initial(call, builder, OPERAND.cell, index),
  };
  for (const time of order) {
    const start = (sequence: number) => (isBatchFirst ? sequence * steps + time : time * sequences + sequence) * inputs;
    const windows = upTo(sequences).map((sequence) => upTo(inputs).map((input) => start(sequence) + input));
    const next = step(builder, direction, { value, windows }, state);
    hidden[time] = next.hidden;
    state = next;
  }
  return { hidden, last: state };
}

/** An initial state, unit by unit; undefined where it is 0. */
function initial(call: Call, builder: StepBuilder, operand: number, direction: number): string | undefined {
  const given = call.operands[operand];
  if (given === undefined || given.constant?.data.every((element) => element === 0)) return undefined;
  const { directions, sequences, units, isBatchFirst } = sizesOf(call);
  const positions = upTo(units * sequences).map((index) => {
    const [unit, sequence] = [Math.floor(index / sequences), index % sequences];
    const row = isBatchFirst ? sequence * directions + direction : direction * sequences + sequence;
    return row * units + unit;
  });
  return builder.arrange([builder.valueOf(given)], positions);
}

/** States of each direction at some times, as one tensor: time, direction, sequence and unit, or the sequence first. */
function joined(builder: StepBuilder, states: readonly (readonly string[])[], sizes: Sizes): string {
  const { sequences, units, isBatchFirst } = sizes;
  const times = states[0].length;
  const values = states.flat();
  const positionOf = (time: number, direction: number, sequence: number, unit: number) =>
    ((direction * times + time) * units + unit) * sequences + sequence;
  const inUnits = (time: number, direction: number, sequence: number) =>
    upTo(units).map((unit) => positionOf(time, direction, sequence, unit));
  const [all, ways] = [upTo(sequences), upTo(states.length)];
  const indices = isBatchFirst
    ? all.flatMap((sequence) => upTo(times).flatMap((time) => ways.flatMap((way) => inUnits(time, way, sequence))))
    : upTo(times).flatMap((time) => ways.flatMap((way) => all.flatMap((sequence) => inUnits(time, way, sequence))));
  return builder.arrange(values, indices);
}
