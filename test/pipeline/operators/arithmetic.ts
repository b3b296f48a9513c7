import { expect } from "chai";
import fc from "fast-check";
import { elementCount } from "../../../src/codec/codec.ts";
import { INT64 } from "../../fixtures/onnx/buildModel.ts";
import {
  type Drawn,
  type OperatorCase,
  compareWithRuntime,
  floats,
  integers,
  real,
  refusalOf,
  titleOf,
  weights,
} from "../../fixtures/onnx/operatorCase.ts";
import { seededNumbers } from "../../fixtures/onnx/seededNumbers.ts";

const matrix = { shape: [2, 3] };
const positive: Drawn = { shape: [2, 3], low: 0.3, high: 2 };
const counts: Drawn = { shape: [2, 3], low: -20, high: 20, dataType: INT64 };
const counted: Drawn = { shape: [3], low: 1, high: 6, dataType: INT64 };

const CASES: readonly OperatorCase[] = [
  { op: "Add", operands: [matrix, weights(1, 3)] },
  { op: "Add", operands: [matrix, weights(1, 2, 1)] },
  { op: "Add", operands: [weights(1, 2, 1), { shape: [1, 3] }] },
  { op: "Add", operands: [{ shape: [2, 1, 3] }, { shape: [4, 1] }] },
  { op: "Add", operands: [counts, integers([3], 1, -5, 9)], outputs: [INT64] },
  { op: "Add", operands: [matrix, weights(1, 3)], opset: 7 },
  { op: "Sub", operands: [matrix, { shape: [2, 3] }] },
  { op: "Sub", operands: [matrix, weights(1, 3)] },
  { op: "Sub", operands: [weights(1), matrix] },
  { op: "Neg", operands: [matrix] },
  { op: "Neg", operands: [counts], outputs: [INT64] },
  { op: "Sum", operands: [matrix] },
  { op: "Sum", operands: [matrix, weights(1, 3), { shape: [2, 1] }, weights(2, 2, 3)] },
  { op: "Mean", operands: [matrix, weights(1, 3), { shape: [2, 1] }] },
  { op: "Mean", operands: [matrix, { shape: [2, 3] }], opset: 7 },
  { op: "Max", operands: [matrix, weights(1, 3)] },
  { op: "Max", operands: [matrix, floats([], 0)] },
  { op: "Max", operands: [matrix] },
  { op: "Max", operands: [matrix, { shape: [1, 3] }, weights(1, 2, 1)] },
  { op: "Min", operands: [matrix, floats([], 0)] },
  { op: "Min", operands: [counts, counted], outputs: [INT64] },
  { op: "Mul", operands: [matrix, weights(1, 3)] },
  { op: "Mul", operands: [weights(1, 2, 1), { shape: [1, 3] }] },
  { op: "Mul", operands: [matrix, { shape: [2, 1] }] },
  { op: "Mul", operands: [counts, counted], outputs: [INT64] },
  { op: "Div", operands: [matrix, floats([1], 3)] },
  { op: "Div", operands: [matrix, floats([3], 0.5, -2, 7)] },
  { op: "Div", operands: [matrix, positive] },
  { op: "Div", operands: [floats([], 2), positive] },
  { op: "Div", operands: [{ shape: [2, 3, 4] }, { shape: [2, 1, 1], low: 0.5, high: 2 }] },
  { op: "Div", operands: [{ shape: [2, 3, 4] }, { shape: [3, 1], low: 0.5, high: 2 }] },
  { op: "Div", operands: [{ shape: [2, 3, 4] }, { shape: [2, 1, 4], low: -2, high: -0.5 }] },
  { op: "Div", operands: [{ shape: [3, 1] }, { shape: [2, 1, 4], low: 0.5, high: 2 }] },
  { op: "Div", operands: [counts, integers([], 3)], outputs: [INT64] },
  { op: "Div", operands: [counts, integers([3], 49, -4, 7)], outputs: [INT64] },
  { op: "Div", operands: [counts, counted], outputs: [INT64] },
  { op: "Relu", operands: [matrix] },
  { op: "Identity", operands: [matrix] },
  { op: "Dropout", operands: [matrix] },
  { op: "Dropout", operands: [matrix], attributes: { ratio: real(0.25) }, opset: 7 },
];

/** Which operands of two are computed. */
const COMPUTED: readonly (readonly number[])[] = [[0], [1], [0, 1]];

/** Two shapes that broadcast to a common one, and which of the operands is computed. */
const broadcastArbitrary = fc
  .record({
    op: fc.constantFrom("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean"),
    shape: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }),
    ranks: fc.tuple(fc.nat(4), fc.nat(4)),
    isOne: fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 4, maxLength: 4 }),
    computed: fc.constantFrom(...COMPUTED),
    seed: fc.integer({ min: 1, max: 1000 }),
  })
  .map(({ op, shape, ranks, isOne, computed, seed }): OperatorCase => {
    const operands = [0, 1].map((side) => {
      const own = shape.slice(Math.min(ranks[side], shape.length)).map((size, axis) => (isOne[axis][side] ? 1 : size));
      if (computed.includes(side)) return { shape: own, low: 0.5, high: 2 };
      return { dims: own, data: seededNumbers(seed)(elementCount(own)).map((value) => value + 2) };
    });
    return { op, operands };
  });

describe("ONNX arithmetic", () => {
  CASES.forEach((given, index) => {
    it(titleOf(given), async () => {
      expect(await compareWithRuntime(given, index + 1)).to.be.greaterThan(0);
    });
  });

  it("broadcasts as onnxruntime does", async () => {
    const property = fc.asyncProperty(broadcastArbitrary, async (given) => {
      expect(await compareWithRuntime(given, 5, 1)).to.be.greaterThan(0);
    });
    await fc.assert(property, { seed: 22, numRuns: 100 });
  });

  const refusals: readonly [OperatorCase, message: RegExp][] = [
    [{ op: "Add", operands: [matrix, counts] }, /operands are of types float and int64/],
    [{ op: "Mul", operands: [matrix, weights(1, 2)] }, /shapes 2×3 and 2 do not broadcast/],
    [{ op: "Div", operands: [matrix, floats([3], 1, 0, 2)] }, /^node "div" \(Div\): divides by zero$/],
    [
      { op: "Dropout", operands: [matrix, floats([], 0.5), { dims: [], data: [1], dataType: 9 }] },
      /training mode is not supported/,
    ],
  ];
  for (const [given, message] of refusals) {
    it(`refuse ${titleOf(given)}`, () => {
      expect(refusalOf(given)).to.match(message);
    });
  }
});
