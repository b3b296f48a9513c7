import { expect } from "chai";
import { readOnnx } from "../../../src/onnx/readOnnx.ts";
import { evaluateReal } from "../../../src/passes/evaluateReal.ts";
import { lowerGraph } from "../../../src/passes/lowerGraph.ts";
import { FLOAT } from "../../fixtures/onnx/buildModel.ts";
import {
  type Drawn,
  type OperatorCase,
  compareWithRuntime,
  modelOf,
  reals,
  refusalOf,
  titleOf,
  weights,
} from "../../fixtures/onnx/operatorCase.ts";
import { seededNumbers } from "../../fixtures/onnx/seededNumbers.ts";

const STEPS = 4;
const SEQUENCES = 2;
const INPUTS = 3;
const UNITS = 2;
const INT32 = 6;

const GATES = { RNN: 1, GRU: 3, LSTM: 4 } as const;

interface Options {
  readonly attributes?: OperatorCase["attributes"];
  /** Operands after the weights: bias, sequence lengths, initial states, peepholes. */
  readonly more?: readonly ("bias" | "lengths" | "state" | "zeros" | "drawn" | "peepholes" | null)[];
  readonly opset?: number;
}

function recurrent(op: keyof typeof GATES, { attributes = {}, more = [], opset = 14 }: Options = {}): OperatorCase {
  const directions = attributes.direction === "bidirectional" ? 2 : 1;
  const isBatchFirst = attributes.layout === 1;
  const state = isBatchFirst ? [SEQUENCES, directions, UNITS] : [directions, SEQUENCES, UNITS];
  const operands = {
    bias: weights(3, directions, 2 * GATES[op] * UNITS),
    lengths: { dims: [SEQUENCES], data: [STEPS, STEPS], dataType: INT32 },
    state: weights(4, ...state),
    zeros: { dims: state, data: Array(directions * SEQUENCES * UNITS).fill(0) },
    drawn: { shape: state } satisfies Drawn,
    peepholes: weights(5, directions, 3 * UNITS),
  };
  return {
    op,
    operands: [
      { shape: isBatchFirst ? [SEQUENCES, STEPS, INPUTS] : [STEPS, SEQUENCES, INPUTS], low: -2, high: 2 },
      weights(1, directions, GATES[op] * UNITS, INPUTS),
      weights(2, directions, GATES[op] * UNITS, UNITS),
      ...more.map((name) => (name === null ? null : operands[name])),
    ],
    attributes: { hidden_size: UNITS, ...attributes },
    outputs: op === "LSTM" ? [FLOAT, FLOAT, FLOAT] : [FLOAT, FLOAT],
    opset,
  };
}

const KINDS = ["RNN", "GRU", "LSTM"] as const;

const CASES: readonly OperatorCase[] = [
  ...KINDS.flatMap((op) => [
    recurrent(op),
    recurrent(op, { more: ["bias"] }),
    recurrent(op, { more: ["bias"], opset: 7 }),
    recurrent(op, { more: ["bias", "lengths", "state"], attributes: { direction: "reverse" } }),
    recurrent(op, { more: ["bias", null, "drawn"], attributes: { direction: "bidirectional" } }),
    recurrent(op, { more: [null, null, "zeros"], opset: 22 }),
  ]),
  recurrent("RNN", { attributes: { activations: ["Relu"] }, more: ["bias"] }),
  recurrent("RNN", {
    attributes: {
      activations: ["LeakyRelu", "Affine"],
      direction: "bidirectional",
      activation_alpha: reals(0.2, 0.5),
      activation_beta: reals(0.1),
    },
    more: ["bias"],
  }),
  recurrent("GRU", { attributes: { linear_before_reset: 1 }, more: ["bias"] }),
  recurrent("GRU", { attributes: { linear_before_reset: 1 }, more: ["bias", null, "drawn"] }),
  recurrent("GRU", { attributes: { activations: ["HardSigmoid", "Softsign"] }, more: ["bias"] }),
  recurrent("LSTM", { more: ["bias", null, "drawn", "state"] }),
  recurrent("LSTM", { more: ["bias", null, "state", "drawn", "peepholes"] }),
  recurrent("LSTM", { more: ["bias", null, null, null, "peepholes"] }),
  recurrent("LSTM", { attributes: { input_forget: 1 }, more: ["bias"] }),
  recurrent("LSTM", {
    attributes: {
      activations: ["Sigmoid", "ScaledTanh", "Elu"],
      activation_alpha: reals(0.7, 0.4),
      activation_beta: reals(1.3),
    },
  }),
];

/** Rows of a matrix of rows, transposed: element [a, b, …] goes to [b, a, …]. */
function swappedAxes(elements: readonly number[], first: number, second: number): number[] {
  const length = elements.length / (first * second);
  return Array.from({ length: first * second }, (_, row) => {
    const from = ((row % first) * second + Math.floor(row / first)) * length;
    return elements.slice(from, from + length);
  }).flat();
}

describe("ONNX operators of recurrent networks", () => {
  CASES.forEach((given, index) => {
    it(titleOf(given), async () => {
      expect(await compareWithRuntime(given, index + 1)).to.be.greaterThan(0);
    });
  });

  it("take and give the batch first with layout 1, which onnxruntime does not", () => {
    for (const op of KINDS) {
      const options: Options = { attributes: { direction: "bidirectional" }, more: ["bias", null, "drawn"] };
      const [first, second] = [0, 1].map((layout) => {
        const given = recurrent(op, { ...options, attributes: { ...options.attributes, layout } });
        return lowerGraph(readOnnx(modelOf(given)));
      });
      const [x, h] = [STEPS * SEQUENCES * INPUTS, 2 * SEQUENCES * UNITS].map((size, index) =>
        seededNumbers(index)(size),
      );
      const swapped = [swappedAxes(x, STEPS, SEQUENCES), swappedAxes(h, 2, SEQUENCES)];
      const [got, want] = [evaluateReal(second, swapped), evaluateReal(first, [x, h])];
      const [all, ...last] = first.outputs.map(({ from }) => want.get(from)!);
      const rows = all.length / UNITS;
      // Rows of units, from [step, direction, sequence] to [sequence, step, direction].
      const allSwapped = Array.from({ length: rows }, (_, row) => {
        const [sequence, rest] = [Math.floor(row / (STEPS * 2)), row % (STEPS * 2)];
        const from = (rest * SEQUENCES + sequence) * UNITS;
        return all.slice(from, from + UNITS);
      }).flat();
      const expected = [allSwapped, ...last.map((state) => swappedAxes(state, 2, SEQUENCES))];
      expect(got.size).to.equal(want.size);
      second.outputs.forEach(({ from, shape }, output) => {
        expect(shape[0]).to.equal(SEQUENCES);
        expect(got.get(from)).to.deep.equal(expected[output]);
      });
    }
  });

  const [x, w, r] = recurrent("RNN").operands;
  const refusals: readonly [OperatorCase, message: string][] = [
    [
      recurrent("RNN", { attributes: { activations: ["Sine"] } }),
      'node "rnn" (RNN): activation "Sine" is not supported; supported: affine, elu, hardsigmoid, leakyrelu, relu, scaledtanh, sigmoid, softplus, softsign, tanh, thresholdedrelu',
    ],
    [
      recurrent("LSTM", { attributes: { activations: ["Tanh"] } }),
      'node "lstm" (LSTM): attribute activations names 1 functions, want 3',
    ],
    [
      recurrent("RNN", { attributes: { direction: "sideways" } }),
      'node "rnn" (RNN): attribute direction "sideways" is not supported; supported: forward, reverse, bidirectional',
    ],
    [
      { op: "RNN", operands: [x, w, r, null, { dims: [2], data: [4, 3], dataType: INT32 }], opset: 14 },
      'node "rnn" (RNN): sequence_lens holds 3, only 4 is supported',
    ],
    [
      { op: "RNN", operands: [x, { shape: [1, 2, 3] }, r], opset: 14 },
      'node "rnn" (RNN): W "operand1" must be constant',
    ],
    [
      { op: "RNN", operands: [x, weights(1, 1, 3, 3), r], opset: 14 },
      'node "rnn" (RNN): W is of shape 1×3×3, want 1×2×3',
    ],
    [
      { op: "GRU", operands: recurrent("GRU").operands, attributes: { clip: { real: 3 } }, opset: 14 },
      'node "gru" (GRU) attribute "clip": is not supported; supported: activation_alpha, activation_beta, activations, direction, hidden_size, layout, linear_before_reset',
    ],
  ];
  for (const [given, message] of refusals) {
    it(`refuse ${titleOf(given)}`, () => {
      expect(refusalOf(given)).to.equal(message);
    });
  }
});
