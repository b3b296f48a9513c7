import { expect } from "chai";
import { INT64 } from "../../fixtures/onnx/buildModel.ts";
import {
  type Drawn,
  type OperatorCase,
  compareWithRuntime,
  floats,
  real,
  refusalOf,
  titleOf,
  weights,
} from "../../fixtures/onnx/operatorCase.ts";

const around: Drawn = { shape: [2, 3, 4], low: -4, high: 4 };
const positive: Drawn = { shape: [2, 5], low: 0.05, high: 6 };
const unit: Drawn = { shape: [10], low: -0.95, high: 0.95 };
const beyondOne: Drawn = { shape: [10], low: 1, high: 5 };
const signed: Drawn = { shape: [3, 4], low: -3, high: 3, dataType: INT64 };

/** One operand, no attributes. */
const PLAIN: readonly [names: readonly string[], operand: Drawn][] = [
  [["Abs", "Sign", "Ceil", "Floor", "Round", "Exp", "Erf", "Sigmoid", "Tanh", "Softplus", "Softsign"], around],
  [
    ["Elu", "Selu", "Celu", "Gelu", "Mish", "HardSigmoid", "HardSwish", "LeakyRelu", "Shrink", "ThresholdedRelu"],
    around,
  ],
  [["Sin", "Cos", "Sinh", "Cosh", "Asinh", "Atan"], around],
  [["Sqrt", "Log", "Reciprocal"], positive],
  [["Tan", "Asin", "Acos", "Atanh"], unit],
  [["Acosh"], beyondOne],
];

const CASES: readonly OperatorCase[] = [
  ...PLAIN.flatMap(([names, operand]) =>
    names.map((op) => ({ op, operands: [operand], opset: op === "Mish" ? 22 : 20 })),
  ),
  { op: "Swish", operands: [around], attributes: { alpha: real(1.5) }, opset: 24 },
  { op: "Abs", operands: [signed], outputs: [INT64] },
  { op: "Sign", operands: [signed], outputs: [INT64] },
  { op: "Exp", operands: [around], opset: 7 },
  { op: "Gelu", operands: [around], attributes: { approximate: "tanh" } },
  { op: "Elu", operands: [around], attributes: { alpha: real(0.3) } },
  { op: "Celu", operands: [around], attributes: { alpha: real(2) } },
  { op: "Selu", operands: [around], attributes: { alpha: real(1.5), gamma: real(0.7) } },
  { op: "HardSigmoid", operands: [around], attributes: { alpha: real(0.4), beta: real(0.1) } },
  { op: "LeakyRelu", operands: [around], attributes: { alpha: real(0.25) } },
  { op: "Shrink", operands: [around], attributes: { lambd: real(1.5), bias: real(0.75) } },
  { op: "ThresholdedRelu", operands: [around], attributes: { alpha: real(0) } },
  { op: "PRelu", operands: [around, weights(1, 4)] },
  { op: "PRelu", operands: [around, weights(2, 3, 1)], opset: 7 },
  { op: "PRelu", operands: [around, floats([1], 0.2)] },
  { op: "PRelu", operands: [around, { shape: [3, 1] }] },
  { op: "Clip", operands: [around], attributes: { min: real(-1), max: real(2) }, opset: 10 },
  { op: "Clip", operands: [around], attributes: { max: real(6) }, opset: 10 },
  { op: "Clip", operands: [around], opset: 10 },
  { op: "Clip", operands: [around, floats([], 0), floats([], 2)] },
  { op: "Clip", operands: [around, floats([], 0)] },
  { op: "Clip", operands: [around, null, floats([], 0.5)] },
  { op: "Clip", operands: [around, { shape: [], low: -1, high: 0 }, { shape: [], low: 0.1, high: 1 }] },
];

describe("ONNX operators of one number", () => {
  CASES.forEach((given, index) => {
    it(titleOf(given), async () => {
      expect(await compareWithRuntime(given, index + 1)).to.be.greaterThan(0);
    });
  });

  const refusals: readonly [OperatorCase, message: string][] = [
    [
      { op: "Gelu", operands: [around], attributes: { approximate: "sigmoid" } },
      'node "gelu" (Gelu): attribute approximate "sigmoid" is not supported; supported: none, tanh',
    ],
    [
      { op: "Celu", operands: [around], attributes: { alpha: real(0) } },
      'node "celu" (Celu): attribute alpha 0 divides by zero, want another number',
    ],
    [
      { op: "Sigmoid", operands: [signed], outputs: [INT64] },
      'node "sigmoid" (Sigmoid): its operand is of type int64, want float',
    ],
    [{ op: "Clip", operands: [around, floats([2], 0, 1)] }, 'node "clip" (Clip): a bound is not a scalar'],
    [
      { op: "Clip", operands: [around], attributes: { min: real(0) } },
      'node "clip" (Clip): bounds must be operands in opset 20',
    ],
    [
      { op: "PRelu", operands: [around, weights(1, 5, 2, 3, 4)] },
      'node "prelu" (PRelu): slope 5×2×3×4 does not broadcast to 2×3×4',
    ],
  ];
  for (const [given, message] of refusals) {
    it(`refuses ${titleOf(given)}`, () => {
      expect(refusalOf(given)).to.equal(message);
    });
  }
});
