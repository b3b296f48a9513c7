import { expect } from "chai";
import fc from "fast-check";
import { FLOAT, INT64, type TensorSpec } from "../../fixtures/onnx/buildModel.ts";
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

const BOOL = 9;
const INT32 = 6;
const INT8 = 3;
const matrix = { shape: [2, 3] };
/** Few different numbers, so that some are equal. */
const counts: Drawn = { shape: [4, 5], low: -2, high: 2, dataType: INT64 };
const truths: Drawn = { shape: [2, 3], low: 0, high: 1, dataType: BOOL };
const truthsOf = (dims: readonly number[], ...data: number[]): TensorSpec => ({ dims, data, dataType: BOOL });

const COMPARISONS = ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"];

const CASES: readonly OperatorCase[] = [
  ...COMPARISONS.flatMap((op): OperatorCase[] => [
    { op, operands: [counts, { ...counts, shape: [5] }], outputs: [BOOL] },
    { op, operands: [counts, integers([], 1)], outputs: [BOOL] },
    { op, operands: [integers([4, 1], -1, 0, 1, 2), counts], outputs: [BOOL] },
    { op, operands: [matrix, weights(1, 3)], outputs: [BOOL], opset: 12 },
  ]),
  { op: "Equal", operands: [truths, { ...truths, shape: [3] }], outputs: [BOOL] },
  ...["And", "Or", "Xor"].flatMap((op): OperatorCase[] => [
    { op, operands: [truths, { ...truths, shape: [2, 1] }], outputs: [BOOL] },
    { op, operands: [truths, truthsOf([3], 0, 1, 0)], outputs: [BOOL] },
    { op, operands: [truthsOf([2, 1], 0, 1), truths], outputs: [BOOL] },
  ]),
  { op: "Not", operands: [truths], outputs: [BOOL] },
  { op: "Where", operands: [truths, matrix, { shape: [3] }] },
  { op: "Where", operands: [truths, floats([], 2), matrix] },
  { op: "Where", operands: [truths, floats([], 2), floats([3], 1, -5, 3)] },
  { op: "Where", operands: [truths, floats([2, 1], 2, 4), floats([3], 1, -5, 3)] },
  { op: "Where", operands: [truthsOf([3], 0, 1, 0), matrix, { shape: [2, 1] }] },
  { op: "Where", operands: [truths, { ...counts, shape: [] }, integers([3], 4, 5, 6)], outputs: [INT64] },
  { op: "Cast", operands: [matrix], attributes: { to: FLOAT } },
  { op: "Cast", operands: [{ shape: [2, 3], low: -4, high: 4 }], attributes: { to: INT64 }, outputs: [INT64] },
  { op: "Cast", operands: [{ shape: [2, 3], low: -4, high: 4 }], attributes: { to: INT8 }, outputs: [INT8] },
  { op: "Cast", operands: [{ ...counts, dataType: INT32 }], attributes: { to: FLOAT } },
  { op: "Cast", operands: [counts], attributes: { to: BOOL }, outputs: [BOOL] },
  { op: "Cast", operands: [matrix], attributes: { to: BOOL }, outputs: [BOOL] },
  { op: "Cast", operands: [truths], attributes: { to: INT32 }, outputs: [INT32] },
  { op: "CastLike", operands: [{ shape: [2, 3], low: -4, high: 4 }, integers([], 0)], outputs: [INT64] },
  { op: "CastLike", operands: [counts, matrix] },
];

const comparisonArbitrary = fc
  .record({
    op: fc.constantFrom(...COMPARISONS),
    shape: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
    isOne: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    isSwapped: fc.boolean(),
  })
  .map(({ op, shape, isOne, isSwapped }): OperatorCase => {
    const operands = [shape, shape.map((size, axis) => (isOne[axis] ? 1 : size))].map((own) => ({
      ...counts,
      shape: own,
    }));
    return { op, operands: isSwapped ? operands.toReversed() : operands, outputs: [BOOL] };
  });

describe("ONNX comparisons, truth values, choices and casts", () => {
  CASES.forEach((given, index) => {
    it(titleOf(given), async () => {
      expect(await compareWithRuntime(given, index + 1)).to.be.greaterThan(0);
    });
  });

  it("compare integers as onnxruntime does over random shapes", async () => {
    const property = fc.asyncProperty(comparisonArbitrary, async (given) => {
      expect(await compareWithRuntime(given, 7, 2)).to.be.greaterThan(0);
    });
    await fc.assert(property, { seed: 25, numRuns: 40 });
  });

  const refusals: readonly [OperatorCase, message: RegExp][] = [
    [{ op: "And", operands: [matrix, matrix], outputs: [BOOL] }, /operands are of type float, want booleans/],
    [{ op: "Where", operands: [matrix, matrix, matrix] }, /the condition is of type float, want booleans/],
    [{ op: "Where", operands: [truths, matrix, integers([3], 1, 2, 3)] }, /operands are of types float and int64/],
    [{ op: "LessOrEqual", operands: [matrix, matrix], opset: 11 }, /\(LessOrEqual\): opset 11, want 12 to 25/],
    [
      { op: "Cast", operands: [counts], attributes: { to: INT8 }, outputs: [INT8] },
      /its operand may be -\d+ to \d+, which does not fit -128 to 127/,
    ],
  ];
  for (const [given, message] of refusals) {
    it(`refuse ${titleOf(given)}`, () => {
      expect(refusalOf(given)).to.match(message);
    });
  }
});
