import { expect } from "chai";
import fc from "fast-check";
import { FLOAT, INT64 } from "../../fixtures/onnx/buildModel.ts";
import {
  type Drawn,
  type OperatorCase,
  compareWithRuntime,
  integers,
  refusalOf,
  titleOf,
} from "../../fixtures/onnx/operatorCase.ts";

const cube = { shape: [2, 3, 4] };
const counts: Drawn = { shape: [2, 3], low: -9, high: 9, dataType: INT64 };
const OPERATORS = ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd"];

const CASES: readonly OperatorCase[] = [
  ...OPERATORS.flatMap((op): OperatorCase[] => [
    { op, operands: [cube] },
    { op, operands: [cube, integers([2], 0, -1)] },
    { op, operands: [cube, integers([1], 1)], attributes: { keepdims: 0 } },
    { op, operands: [cube], attributes: { noop_with_empty_axes: 1 } },
    { op, operands: [cube], attributes: { axes: [1, 2] }, opset: 11 },
    { op, operands: [cube], attributes: { axes: [2], keepdims: 0 }, opset: 7 },
    { op, operands: [counts, integers([1], 1)], outputs: [INT64] },
  ]),
  { op: "ReduceSum", operands: [cube, integers([1], -2)], opset: 13 },
  ...["ArgMax", "ArgMin"].flatMap((op): OperatorCase[] => [
    { op, operands: [cube], outputs: [INT64] },
    { op, operands: [cube], attributes: { axis: -2, keepdims: 0 }, outputs: [INT64] },
    { op, operands: [cube], attributes: { axis: 1 }, outputs: [INT64], opset: 7 },
    { op, operands: [counts], attributes: { axis: 1 }, outputs: [INT64] },
  ]),
];

const reductionArbitrary = fc
  .record({
    op: fc.constantFrom(...OPERATORS),
    shape: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
    chosen: fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 4, maxLength: 4 }),
    keepdims: fc.nat(1),
  })
  .map(({ op, shape, chosen, keepdims }): OperatorCase => {
    const axes = shape.flatMap((_, axis) => {
      const [isReduced, isNegative] = chosen[axis];
      return isReduced ? [isNegative ? axis - shape.length : axis] : [];
    });
    const operands = axes.length === 0 ? [{ shape }] : [{ shape }, integers([axes.length], ...axes)];
    return { op, operands, attributes: { keepdims } };
  });

describe("ONNX reductions", () => {
  CASES.forEach((given, index) => {
    it(titleOf(given), async () => {
      expect(await compareWithRuntime(given, index + 1)).to.be.greaterThan(0);
    });
  });

  it("mean what onnxruntime computes over random shapes and axes", async () => {
    const property = fc.asyncProperty(reductionArbitrary, async (given) => {
      expect(await compareWithRuntime(given, 5, 1)).to.be.greaterThan(0);
    });
    await fc.assert(property, { seed: 24, numRuns: 60 });
  });

  for (const op of ["ArgMax", "ArgMin"]) {
    for (const isLast of [0, 1]) {
      it(`${op} takes the ${isLast === 1 ? "last" : "first"} of equal elements`, async () => {
        // Few different numbers, so that most rows hold the extreme one more than once.
        const drawn: Drawn = { shape: [12, 5], low: 0, high: 1, dataType: INT64 };
        const attributes = { axis: 1, select_last_index: isLast };
        expect(await compareWithRuntime({ op, operands: [drawn], attributes, outputs: [INT64] }, 1)).to.equal(24);
      });
    }
  }

  const refusals: readonly [OperatorCase, message: RegExp][] = [
    [{ op: "ReduceSum", operands: [cube, integers([1], 3)] }, /axis 3 does not exist, want -3 to 2/],
    [{ op: "ReduceSum", operands: [cube, integers([2], 1, -2)] }, /axes 1, -2 repeat/],
    [{ op: "ReduceMax", operands: [cube], attributes: { axes: [0] } }, /axes must be an operand in opset 20/],
    [
      { op: "ReduceSum", operands: [cube, { shape: [1], dataType: INT64, low: 0, high: 1 }], outputs: [FLOAT] },
      /axes "operand1" must be constant/,
    ],
  ];
  for (const [given, message] of refusals) {
    it(`refuse ${titleOf(given)}`, () => {
      expect(refusalOf(given)).to.match(message);
    });
  }
});
