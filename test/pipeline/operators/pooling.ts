import { expect } from "chai";
import fc from "fast-check";
import { FLOAT, INT64 } from "../../fixtures/onnx/buildModel.ts";
import {
  type OperatorCase,
  compareWithRuntime,
  floats,
  real,
  refusalOf,
  titleOf,
} from "../../fixtures/onnx/operatorCase.ts";

const image = { shape: [1, 2, 5, 6] };
const sequence = { shape: [2, 3, 9] };
const kernel = { kernel_shape: [2, 3] };

const SLIDING: readonly OperatorCase["attributes"][] = [
  kernel,
  { ...kernel, strides: [2, 2] },
  { ...kernel, pads: [1, 1, 0, 2], strides: [2, 1] },
  { ...kernel, strides: [2, 2], ceil_mode: 1 },
  { ...kernel, auto_pad: "SAME_UPPER", strides: [2, 2] },
  { ...kernel, auto_pad: "SAME_LOWER" },
  { ...kernel, auto_pad: "VALID", strides: [1, 2] },
];

const CASES: readonly OperatorCase[] = [
  ...["MaxPool", "AveragePool", "LpPool"].flatMap((op) =>
    SLIDING.map((attributes) => ({ op, operands: [image], ...(attributes && { attributes }) })),
  ),
  { op: "MaxPool", operands: [image], attributes: { ...kernel, dilations: [2, 1], pads: [1, 0, 1, 0] } },
  { op: "MaxPool", operands: [sequence], attributes: { kernel_shape: [3], strides: [2] } },
  { op: "MaxPool", operands: [sequence], attributes: { kernel_shape: [3], strides: [2] }, opset: 7 },
  { op: "MaxPool", operands: [{ shape: [1, 1, 3, 4, 3] }], attributes: { kernel_shape: [2, 2, 2] } },
  {
    op: "AveragePool",
    operands: [image],
    attributes: { ...kernel, pads: [1, 1, 1, 2], count_include_pad: 1, strides: [2, 2] },
  },
  { op: "AveragePool", operands: [image], attributes: { ...kernel, dilations: [2, 2] } },
  { op: "AveragePool", operands: [sequence], attributes: { kernel_shape: [4], strides: [2] }, opset: 7 },
  { op: "LpPool", operands: [image], attributes: { ...kernel, p: 1 } },
  { op: "LpPool", operands: [image], attributes: { ...kernel, p: 3, pads: [1, 0, 0, 1] } },
  { op: "GlobalAveragePool", operands: [image] },
  { op: "GlobalMaxPool", operands: [image] },
  { op: "GlobalLpPool", operands: [image] },
  { op: "GlobalLpPool", operands: [sequence], attributes: { p: 1 } },
  {
    op: "BatchNormalization",
    operands: [image, floats([2], 0.5, -2), floats([2], 1, 2), floats([2], 0.25, -1), floats([2], 0.5, 4)],
    attributes: { epsilon: real(0.01) },
  },
  {
    op: "BatchNormalization",
    operands: [{ shape: [3, 2] }, floats([2], 0.5, -2), floats([2], 1, 2), floats([2], 0.25, -1), floats([2], 0.5, 4)],
    opset: 9,
  },
];

const poolArbitrary = fc
  .record({
    op: fc.constantFrom("MaxPool", "AveragePool"),
    axes: fc.array(
      fc.record({
        kernel: fc.integer({ min: 1, max: 3 }),
        stride: fc.integer({ min: 1, max: 3 }),
        before: fc.integer({ min: 0, max: 2 }),
        after: fc.integer({ min: 0, max: 2 }),
        extra: fc.integer({ min: 0, max: 5 }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    isCeiled: fc.boolean(),
    countsPadding: fc.boolean(),
  })
  .map(({ op, axes, isCeiled, countsPadding }): OperatorCase => {
    const pads = ["before", "after"] as const;
    return {
      op,
      operands: [{ shape: [2, 2, ...axes.map((axis) => axis.kernel + axis.extra)] }],
      attributes: {
        kernel_shape: axes.map((axis) => axis.kernel),
        strides: axes.map(({ stride }) => stride),
        pads: pads.flatMap((side) => axes.map((axis) => Math.min(axis[side], axis.kernel - 1))),
        ceil_mode: Number(isCeiled),
        ...(op === "AveragePool" && { count_include_pad: Number(countsPadding) }),
      },
    };
  });

describe("ONNX pools", () => {
  CASES.forEach((given, index) => {
    it(titleOf(given), async () => {
      expect(await compareWithRuntime(given, index + 1)).to.be.greaterThan(0);
    });
  });

  it("mean what onnxruntime computes over random shapes and attributes", async () => {
    const property = fc.asyncProperty(poolArbitrary, async (given) => {
      expect(await compareWithRuntime(given, 3, 1)).to.be.greaterThan(0);
    });
    await fc.assert(property, { seed: 21, numRuns: 80 });
  });

  const refusals: readonly [OperatorCase, message: RegExp][] = [
    [{ op: "MaxPool", operands: [image] }, /attribute kernel_shape has 0 values, want 2/],
    [
      { op: "MaxPool", operands: [image], attributes: kernel, outputs: [FLOAT, INT64] },
      /its output 1 \("out1"\) is used, which is not supported/,
    ],
    [
      { op: "MaxPool", operands: [image], attributes: { kernel_shape: [1, 1], pads: [1, 1, 1, 1] } },
      /a window reads nothing but padding/,
    ],
    [{ op: "LpPool", operands: [image], attributes: { ...kernel, p: 0 } }, /attribute p is 0, want at least 1/],
  ];
  for (const [given, message] of refusals) {
    it(`refuse ${titleOf(given)}`, () => {
      expect(refusalOf(given)).to.match(message);
    });
  }
});
