import { expect } from "chai";
import fc from "fast-check";
import {
  type OperatorCase,
  compareWithRuntime,
  real,
  refusalOf,
  titleOf,
  weights,
} from "../../fixtures/onnx/operatorCase.ts";

const matrix = { shape: [2, 3] };

const CASES: readonly OperatorCase[] = [
  { op: "Gemm", operands: [matrix, weights(1, 3, 4)] },
  {
    op: "Gemm",
    operands: [matrix, weights(1, 3, 4), weights(2, 4)],
    attributes: { alpha: real(0.5), beta: real(-2) },
  },
  {
    op: "Gemm",
    operands: [{ shape: [3, 2] }, weights(1, 4, 3), weights(2, 1, 4)],
    attributes: { transA: 1, transB: 1 },
  },
  { op: "Gemm", operands: [matrix, weights(1, 3, 4), weights(2, 2, 4)], attributes: { beta: real(3) } },
  { op: "Gemm", operands: [matrix, weights(1, 3, 4), weights(2, 2, 1)] },
  { op: "Gemm", operands: [matrix, weights(1, 3, 4), weights(2)] },
  { op: "Gemm", operands: [matrix, weights(1, 3, 4), { shape: [4] }], attributes: { beta: real(0.25) } },
  { op: "Gemm", operands: [weights(1, 2, 3), { shape: [3, 4] }, weights(2, 4)] },
  {
    op: "Gemm",
    operands: [weights(1, 3, 2), { shape: [4, 3] }],
    attributes: { transA: 1, transB: 1, alpha: real(2) },
  },
  { op: "Gemm", operands: [matrix, { shape: [4, 3] }, weights(2, 4)], attributes: { transB: 1, alpha: real(2) } },
  { op: "MatMul", operands: [matrix, weights(1, 3, 4)] },
  { op: "MatMul", operands: [weights(1, 2, 3), { shape: [3, 4] }] },
  { op: "MatMul", operands: [{ shape: [2, 2, 3] }, weights(1, 3, 4)] },
  { op: "MatMul", operands: [{ shape: [2, 2, 3] }, weights(1, 2, 3, 4)] },
  { op: "MatMul", operands: [weights(1, 2, 3, 4), { shape: [5, 1, 4, 2] }] },
  { op: "MatMul", operands: [{ shape: [3] }, weights(1, 3, 4)] },
  { op: "MatMul", operands: [matrix, weights(1, 3)] },
  { op: "MatMul", operands: [weights(1, 2, 3), { shape: [3] }] },
  { op: "MatMul", operands: [matrix, { shape: [3, 4] }] },
  { op: "MatMul", operands: [{ shape: [3] }, { shape: [3] }] },
  { op: "MatMul", operands: [{ shape: [2, 1, 2, 3] }, { shape: [4, 3, 2] }] },
];

/** Which operands of two are computed. */
const COMPUTED: readonly (readonly number[])[] = [[0], [1], [0, 1]];

/** Matrices whose leading axes broadcast. */
const productArbitrary = fc
  .record({
    batch: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
    ranks: fc.tuple(fc.nat(2), fc.nat(2)),
    isOne: fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 2, maxLength: 2 }),
    sizes: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 })),
    computed: fc.constantFrom(...COMPUTED),
    seed: fc.integer({ min: 1, max: 1000 }),
  })
  .map(({ batch, ranks, isOne, sizes: [rows, inner, columns], computed, seed }): OperatorCase => {
    const operands = [
      [rows, inner],
      [inner, columns],
    ].map((ends, side) => {
      const own = batch.slice(Math.min(ranks[side], batch.length)).map((size, axis) => (isOne[axis][side] ? 1 : size));
      const shape = [...own, ...ends];
      return computed.includes(side) ? { shape } : weights(seed, ...shape);
    });
    return { op: "MatMul", operands };
  });

describe("ONNX matrix products", () => {
  CASES.forEach((given, index) => {
    it(titleOf(given), async () => {
      expect(await compareWithRuntime(given, index + 1)).to.be.greaterThan(0);
    });
  });

  it("broadcast as onnxruntime does", async () => {
    const property = fc.asyncProperty(productArbitrary, async (given) => {
      expect(await compareWithRuntime(given, 5, 1)).to.be.greaterThan(0);
    });
    await fc.assert(property, { seed: 23, numRuns: 80 });
  });

  const refusals: readonly [OperatorCase, message: RegExp][] = [
    [{ op: "MatMul", operands: [matrix, weights(1, 4, 2)] }, /A has 3 columns but B has 4 rows/],
    [{ op: "MatMul", operands: [matrix, { shape: [] }] }, /operand 1 is a scalar, want a vector or matrices/],
    [{ op: "Gemm", operands: [{ shape: [2, 3, 1] }, weights(1, 3, 4)] }, /operand 0 has 3 dimensions, want 2/],
    [{ op: "Gemm", operands: [matrix, weights(1, 3, 4), weights(1, 3)] }, /do not broadcast/],
  ];
  for (const [given, message] of refusals) {
    it(`refuse ${titleOf(given)}`, () => {
      expect(refusalOf(given)).to.match(message);
    });
  }
});
