import { expect } from "chai";
import fc from "fast-check";
import {
  type OperatorCase,
  compareWithRuntime,
  refusalOf,
  titleOf,
  weights,
} from "../../fixtures/onnx/operatorCase.ts";

const image = { shape: [1, 2, 5, 6] };
const sequence = { shape: [2, 4, 9] };

const CASES: readonly OperatorCase[] = [
  { op: "Conv", operands: [image, weights(1, 3, 2, 3, 2)] },
  { op: "Conv", operands: [image, weights(1, 3, 2, 3, 2), weights(2, 3)] },
  { op: "Conv", operands: [image, weights(1, 3, 2, 3, 2), { shape: [3] }] },
  { op: "Conv", operands: [image, weights(1, 3, 2, 3, 3)], attributes: { pads: [1, 0, 2, 1], strides: [2, 1] } },
  { op: "Conv", operands: [image, weights(1, 4, 1, 2, 2)], attributes: { group: 2, dilations: [2, 3] } },
  { op: "Conv", operands: [sequence, weights(1, 4, 1, 3)], attributes: { group: 4, kernel_shape: [3] } },
  { op: "Conv", operands: [sequence, weights(1, 2, 4, 4)], attributes: { auto_pad: "SAME_UPPER", strides: [2] } },
  { op: "Conv", operands: [sequence, weights(1, 2, 4, 4)], attributes: { auto_pad: "SAME_LOWER", strides: [2] } },
  { op: "Conv", operands: [sequence, weights(1, 2, 4, 4)], attributes: { auto_pad: "VALID" } },
  {
    op: "Conv",
    operands: [{ shape: [1, 2, 3, 4, 3] }, weights(1, 2, 2, 2, 2, 2)],
    attributes: { pads: [1, 0, 0, 0, 1, 1] },
  },
  { op: "Conv", operands: [image, weights(1, 3, 2, 1, 1)], opset: 7 },
  { op: "ConvTranspose", operands: [image, weights(1, 2, 3, 2, 3)] },
  { op: "ConvTranspose", operands: [image, weights(1, 2, 3, 2, 3), weights(2, 3)], attributes: { strides: [2, 3] } },
  {
    op: "ConvTranspose",
    operands: [image, weights(1, 2, 1, 3, 3)],
    attributes: { strides: [2, 2], pads: [1, 1, 1, 0], output_padding: [1, 0], dilations: [1, 2] },
  },
  { op: "ConvTranspose", operands: [sequence, weights(1, 4, 2, 3)], attributes: { group: 2, strides: [2] } },
  {
    op: "ConvTranspose",
    operands: [sequence, weights(1, 4, 1, 4)],
    attributes: { strides: [3], output_shape: [27] },
  },
  {
    op: "ConvTranspose",
    operands: [sequence, weights(1, 4, 1, 4)],
    attributes: { strides: [3], output_shape: [27], auto_pad: "SAME_UPPER" },
  },
  {
    op: "ConvTranspose",
    operands: [sequence, weights(1, 4, 1, 4)],
    attributes: { strides: [3], auto_pad: "SAME_UPPER" },
  },
  {
    op: "ConvTranspose",
    operands: [sequence, weights(1, 4, 1, 4)],
    attributes: { strides: [3], auto_pad: "SAME_LOWER" },
  },
  { op: "ConvTranspose", operands: [sequence, weights(1, 4, 1, 4)], attributes: { strides: [3], auto_pad: "VALID" } },
];

/** Geometry of one axis that leaves at least one place. */
const axisArbitrary = fc
  .record({
    kernel: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    before: fc.integer({ min: 0, max: 2 }),
    after: fc.integer({ min: 0, max: 2 }),
    extra: fc.integer({ min: 0, max: 4 }),
  })
  .map((axis) => ({
    ...axis,
    before: Math.min(axis.before, axis.kernel - 1),
    after: Math.min(axis.after, axis.kernel - 1),
    size: (axis.kernel - 1) * axis.dilation + 1 + axis.extra,
  }));

const convolutionArbitrary = fc
  .record({
    axes: fc.array(axisArbitrary, { minLength: 1, maxLength: 2 }),
    batch: fc.integer({ min: 1, max: 2 }),
    group: fc.integer({ min: 1, max: 2 }),
    channels: fc.integer({ min: 1, max: 2 }),
    filters: fc.integer({ min: 1, max: 2 }),
    isTransposed: fc.boolean(),
    seed: fc.integer({ min: 1, max: 1000 }),
  })
  .map(({ axes, batch, group, channels, filters, isTransposed, seed }): OperatorCase => {
    const kernel = axes.map((axis) => axis.kernel);
    const counts = isTransposed ? [group * channels, filters] : [group * filters, channels];
    return {
      op: isTransposed ? "ConvTranspose" : "Conv",
      operands: [
        { shape: [batch, group * channels, ...axes.map(({ size }) => size)] },
        weights(seed, ...counts, ...kernel),
        weights(seed + 1, group * filters),
      ],
      attributes: {
        group,
        strides: axes.map(({ stride }) => stride),
        dilations: axes.map(({ dilation }) => dilation),
        pads: [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)],
      },
    };
  });

describe("ONNX convolutions", () => {
  CASES.forEach((given, index) => {
    it(titleOf(given), async () => {
      expect(await compareWithRuntime(given, index + 1)).to.be.greaterThan(0);
    });
  });

  it("mean what onnxruntime computes over random shapes and attributes", async () => {
    const property = fc.asyncProperty(convolutionArbitrary, async (given) => {
      expect(await compareWithRuntime(given, 3, 1)).to.be.greaterThan(0);
    });
    await fc.assert(property, { seed: 20, numRuns: 60 });
  });

  const refusals: readonly [OperatorCase, message: RegExp][] = [
    [
      { op: "Conv", operands: [image, { shape: [3, 2, 3, 2] }] },
      /^node "conv" \(Conv\): W "operand1" must be constant$/,
    ],
    [
      { op: "Conv", operands: [image, weights(1, 3, 3, 3, 2)] },
      /weights 3×3×3×2 in 1 groups do not fit the operand 1×2×5×6/,
    ],
    [{ op: "Conv", operands: [image, weights(1, 3, 2, 7, 2)] }, /window is larger than the 5 elements along an axis/],
    [
      { op: "Conv", operands: [image, weights(1, 3, 2, 3, 2)], attributes: { kernel_shape: [2, 2] } },
      /kernel_shape 2, 2 is not that of the weights, 3, 2/,
    ],
    [
      { op: "Conv", operands: [image, weights(1, 3, 2, 3, 2)], attributes: { auto_pad: "SOME" } },
      /attribute auto_pad "SOME" is not supported; supported: NOTSET, SAME_UPPER, SAME_LOWER, VALID/,
    ],
    [
      {
        op: "Conv",
        operands: [{ shape: [1, 64, 128, 128] }, weights(1, 64, 64, 3, 3)],
        attributes: { pads: [1, 1, 1, 1] },
      },
      /with 603979776 of its own brings the model to more than 16777216 multiplications; use fewer channels/,
    ],
  ];
  for (const [given, message] of refusals) {
    it(`refuse ${titleOf(given)}`, () => {
      expect(refusalOf(given)).to.match(message);
    });
  }
});
