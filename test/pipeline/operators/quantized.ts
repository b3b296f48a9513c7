import { expect } from "chai";
import { FLOAT, INT64 } from "../../fixtures/onnx/buildModel.ts";
import {
  type Drawn,
  type OperatorCase,
  compareWithRuntime,
  floats,
  integers,
  refusalOf,
  titleOf,
  weights,
} from "../../fixtures/onnx/operatorCase.ts";

const UINT8 = 2;
const INT8 = 3;
const INT32 = 6;
const BOOL = 9;
const typed = (dataType: number, ...data: number[]) => ({
  dims: data.length === 1 ? [] : [data.length],
  data,
  dataType,
});
const image: Drawn = { shape: [2, 3, 4], low: -3, high: 5 };
const bytes: Drawn = { shape: [2, 3, 4], low: 0, high: 255, dataType: UINT8 };

const CASES: readonly OperatorCase[] = [
  { op: "QuantizeLinear", operands: [image, floats([], 0.03125)], outputs: [UINT8] },
  { op: "QuantizeLinear", operands: [image, floats([], 0.0371), typed(UINT8, 13)], outputs: [UINT8] },
  { op: "QuantizeLinear", operands: [image, floats([], 0.0371), typed(INT8, -7)], outputs: [INT8], opset: 10 },
  { op: "QuantizeLinear", operands: [image, floats([3], 0.01, 0.02, 0.5), typed(INT8, 0, 0, 0)], outputs: [INT8] },
  { op: "QuantizeLinear", operands: [image, floats([3], 0.01, 0.02, 0.5), typed(UINT8, 1, 20, 3)], outputs: [UINT8] },
  {
    op: "QuantizeLinear",
    operands: [image, floats([4], 0.01, 0.02, 0.5, 0.1)],
    attributes: { axis: -1, output_dtype: INT8 },
    outputs: [INT8],
    opset: 21,
  },
  { op: "DequantizeLinear", operands: [bytes, floats([], 0.25), typed(UINT8, 13)] },
  { op: "DequantizeLinear", operands: [bytes, floats([3], 0.25, 0.5, 1.5), typed(UINT8, 1, 20, 3)] },
  { op: "DequantizeLinear", operands: [bytes, floats([], 0.25)], opset: 10 },
  { op: "DequantizeLinear", operands: [{ ...bytes, dataType: INT32 }, floats([], 0.001)] },
];

/** Nodes whose operands say how large their result is, so that these are constant; shapes and types of others count. */
const CONSTANTS: readonly OperatorCase[] = [
  ...["BlackmanWindow", "HammingWindow", "HannWindow"].flatMap((op) => [
    { op, operands: [integers([], 10)] },
    { op, operands: [integers([], 7)], attributes: { periodic: 0 } },
  ]),
  { op: "NonZero", operands: [floats([2, 3], 0, 1, 0, -2, 0, 3)], outputs: [INT64] },
  { op: "Compress", operands: [image, typed(BOOL, 0, 1, 1)], attributes: { axis: 1 } },
  { op: "Compress", operands: [image, typed(BOOL, 0, 1, 0, 0, 1)] },
  { op: "IsNaN", operands: [image], outputs: [BOOL] },
  { op: "IsInf", operands: [image], outputs: [BOOL], attributes: { detect_negative: 0 } },
];

describe("ONNX operators of quantised and of constant values", () => {
  [...CASES, ...CONSTANTS].forEach((given, index) => {
    it(titleOf(given), async () => {
      expect(await compareWithRuntime(given, index + 1)).to.be.greaterThan(0);
    });
  });

  const refusals: readonly [OperatorCase, message: string][] = [
    [
      { op: "QuantizeLinear", operands: [image, { shape: [] }], outputs: [UINT8] },
      'node "quantizelinear" (QuantizeLinear): scale "operand1" must be constant',
    ],
    [
      { op: "QuantizeLinear", operands: [image, floats([], 1)], attributes: { output_dtype: FLOAT }, opset: 21 },
      'node "quantizelinear" (QuantizeLinear): attribute output_dtype 1 is not supported; supported: integers',
    ],
    [
      { op: "DequantizeLinear", operands: [bytes, weights(1, 2)] },
      'node "dequantizelinear" (DequantizeLinear): operand 1 has 2 elements, want 1 or 3',
    ],
    [
      { op: "DequantizeLinear", operands: [bytes, weights(1, 2, 3, 2)], attributes: { block_size: 2 }, opset: 21 },
      'node "dequantizelinear" (DequantizeLinear): attribute block_size 2 is not supported; supported: 0',
    ],
    [{ op: "NonZero", operands: [image], outputs: [INT64] }, 'node "nonzero" (NonZero): X "operand0" must be constant'],
    [
      { op: "Compress", operands: [image, { shape: [3], low: 0, high: 1, dataType: BOOL }], attributes: { axis: 1 } },
      'node "compress" (Compress): condition "operand1" must be constant',
    ],
    [
      { op: "HannWindow", operands: [{ shape: [], dataType: INT64 }] },
      'node "hannwindow" (HannWindow): size "operand0" must be constant',
    ],
  ];
  for (const [given, message] of refusals) {
    it(`refuse ${titleOf(given)}`, () => {
      expect(refusalOf(given)).to.equal(message);
    });
  }
});
