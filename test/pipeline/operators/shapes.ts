import { expect } from "chai";
import fc from "fast-check";
import { elementCount } from "../../../src/codec/codec.ts";
import { floatTwin } from "../../../src/float/floatTwin.ts";
import { FLOAT, INT64 } from "../../fixtures/onnx/buildModel.ts";
import {
  type Drawn,
  type OperatorCase,
  compareWithRuntime,
  floats,
  integers,
  modelOf,
  real,
  refusalOf,
  titleOf,
  weights,
} from "../../fixtures/onnx/operatorCase.ts";

const matrix = { shape: [2, 3] };
const cube = { shape: [2, 3, 4] };
const counts: Drawn = { shape: [2, 3], low: -9, high: 9, dataType: INT64 };
const list = (...data: number[]) => integers([data.length], ...data);

const CASES: readonly OperatorCase[] = [
  { op: "Flatten", operands: [cube] },
  { op: "Flatten", operands: [cube], attributes: { axis: 3 } },
  { op: "Flatten", operands: [cube], attributes: { axis: -1 } },
  { op: "Flatten", operands: [cube], attributes: { axis: 0 }, opset: 9 },
  { op: "Reshape", operands: [cube, list(0, -1)] },
  { op: "Reshape", operands: [cube, list(3, 8)] },
  { op: "Reshape", operands: [{ shape: [1, 1] }, integers([0])] },
  { op: "Squeeze", operands: [{ shape: [1, 3, 1] }] },
  { op: "Squeeze", operands: [{ shape: [1, 3, 1] }, list(-1)] },
  { op: "Squeeze", operands: [{ shape: [1, 3, 1] }], attributes: { axes: [0] }, opset: 11 },
  { op: "Unsqueeze", operands: [matrix, list(0, -1)] },
  { op: "Unsqueeze", operands: [matrix], attributes: { axes: [1] }, opset: 11 },
  { op: "Transpose", operands: [cube] },
  { op: "Transpose", operands: [cube], attributes: { perm: [1, 0, 2] } },
  { op: "Transpose", operands: [cube], attributes: { perm: [1, 2, 0] } },
  { op: "Slice", operands: [{ shape: [4, 5] }, list(1), list(3)] },
  { op: "Slice", operands: [{ shape: [4, 5] }, list(-3, 4), list(99, -9), list(0, -1), list(2, -1)] },
  { op: "Slice", operands: [{ shape: [4, 5] }], attributes: { starts: [1], ends: [-1], axes: [1] }, opset: 9 },
  {
    op: "Split",
    operands: [{ shape: [2, 6] }],
    attributes: { axis: 1, num_outputs: 3 },
    outputs: Array(3).fill(FLOAT),
  },
  {
    op: "Split",
    operands: [{ shape: [2, 7] }],
    attributes: { axis: -1, num_outputs: 3 },
    outputs: Array(3).fill(FLOAT),
  },
  {
    op: "Split",
    operands: [{ shape: [2, 7] }, list(4, 1, 2)],
    attributes: { axis: 1 },
    outputs: [FLOAT, FLOAT, FLOAT],
  },
  { op: "Split", operands: [{ shape: [4, 2] }], outputs: [FLOAT, FLOAT], opset: 13 },
  { op: "Split", operands: [{ shape: [4, 2] }], attributes: { split: [1, 3] }, outputs: [FLOAT, FLOAT], opset: 11 },
  { op: "Concat", operands: [matrix, weights(1, 2, 1), { shape: [2, 2] }], attributes: { axis: 1 } },
  { op: "Concat", operands: [matrix, weights(1, 4, 3)], attributes: { axis: -2 } },
  { op: "Concat", operands: [counts, integers([1, 3], 7, 8, 9)], attributes: { axis: 0 }, outputs: [INT64], opset: 7 },
  { op: "Expand", operands: [{ shape: [3, 1] }, list(2, 1, 4)] },
  { op: "Expand", operands: [{ shape: [2, 3] }, list(1, 1)] },
  { op: "Tile", operands: [matrix, list(2, 3)] },
  { op: "Pad", operands: [matrix, list(1, 0, 0, 2)] },
  { op: "Pad", operands: [matrix, list(1, -1, 0, 2), floats([], 0.5)] },
  { op: "Pad", operands: [matrix, list(1, 0, 0, 2), { shape: [] }] },
  { op: "Pad", operands: [matrix, list(2, 1), null, list(-1)] },
  { op: "Pad", operands: [cube, list(0, 2, 1, 0, 1, 3)], attributes: { mode: "reflect" } },
  { op: "Pad", operands: [cube, list(1, 2, 1, 0, 1, 3)], attributes: { mode: "edge" } },
  { op: "Pad", operands: [cube, list(1, 2, 1, 0, 1, 3)], attributes: { mode: "wrap" } },
  { op: "Pad", operands: [counts, list(0, 1, 1, 0), integers([], 7)], outputs: [INT64] },
  { op: "Pad", operands: [matrix], attributes: { pads: [0, 1, 1, 0], value: real(-2) }, opset: 10 },
  { op: "Size", operands: [cube], outputs: [INT64] },
  { op: "Shape", operands: [cube], outputs: [INT64] },
  { op: "Shape", operands: [cube], attributes: { start: -2, end: 9 }, outputs: [INT64] },
  { op: "EyeLike", operands: [matrix] },
  { op: "EyeLike", operands: [matrix], attributes: { k: -1, dtype: INT64 }, outputs: [INT64] },
  { op: "Range", operands: [integers([], 2), integers([], 9), integers([], 3)], outputs: [INT64] },
  { op: "Range", operands: [floats([], 1), floats([], -1), floats([], -0.5)] },
  { op: "ConstantOfShape", operands: [list(2, 3)] },
  {
    op: "ConstantOfShape",
    operands: [list(2, 3)],
    attributes: { value: { dims: [1], data: [7], dataType: INT64 } },
    outputs: [INT64],
  },
];

const shapeArbitrary = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
const axisArbitrary = { minLength: 3, maxLength: 3 };

const sliceArbitrary = fc
  .record({
    shape: shapeArbitrary,
    bounds: fc.array(fc.tuple(fc.integer({ min: -6, max: 6 }), fc.integer({ min: -6, max: 6 })), axisArbitrary),
    steps: fc.array(fc.constantFrom(-3, -2, -1, 1, 2, 3), axisArbitrary),
  })
  .map(({ shape, bounds, steps }): OperatorCase => {
    const [starts, ends] = [0, 1].map((end) => shape.map((_, axis) => bounds[axis][end]));
    const lists = [starts, ends, shape.map((_, axis) => axis), steps.slice(0, shape.length)];
    return { op: "Slice", operands: [{ shape }, ...lists.map((numbers) => list(...numbers))] };
  });

const padArbitrary = fc
  .record({
    shape: shapeArbitrary,
    mode: fc.constantFrom("constant", "reflect", "edge", "wrap"),
    pads: fc.array(fc.tuple(fc.nat(3), fc.nat(3)), axisArbitrary),
  })
  .map(({ shape, mode, pads }): OperatorCase => {
    // What reflect and wrap read must exist.
    const most = (size: number) => (mode === "reflect" ? size - 1 : mode === "wrap" ? size : 3);
    const numbers = [0, 1].flatMap((end) => shape.map((size, axis) => Math.min(pads[axis][end], most(size))));
    return { op: "Pad", operands: [{ shape }, list(...numbers)], attributes: { mode } };
  });

/** Whether onnxruntime gives no elements for a case of one computed operand. */
async function isEmpty(given: OperatorCase): Promise<boolean> {
  const { shape } = given.operands[0] as Drawn;
  const twin = (await floatTwin(modelOf(given), { inputs: [{ name: "operand0", type: "float", shape }] }))!;
  const [{ values }] = await twin.run([Array<number>(elementCount(shape)).fill(0)]);
  await twin.release();
  return values.length === 0;
}

describe("ONNX operators of shapes and positions", () => {
  CASES.forEach((given, index) => {
    it(titleOf(given), async () => {
      expect(await compareWithRuntime(given, index + 1)).to.be.greaterThan(0);
    });
  });

  it("slice as onnxruntime does over random bounds and steps", async () => {
    let compared = 0;
    const property = fc.asyncProperty(sliceArbitrary, async (given) => {
      if (await isEmpty(given)) expect(refusalOf(given)).to.include("its result has no elements");
      else compared += await compareWithRuntime(given, 7, 1);
    });
    await fc.assert(property, { seed: 26, numRuns: 200 });
    expect(compared).to.be.greaterThan(30);
  });

  it("pad as onnxruntime does over random pads", async () => {
    const property = fc.asyncProperty(padArbitrary, async (given) => {
      expect(await compareWithRuntime(given, 7, 1)).to.be.greaterThan(0);
    });
    await fc.assert(property, { seed: 27, numRuns: 60 });
  });

  const refusals: readonly [OperatorCase, message: RegExp][] = [
    [
      { op: "Squeeze", operands: [{ shape: [1, 3] }], attributes: { axes: [0] } },
      /axes must be an operand in opset 20/,
    ],
    [{ op: "Squeeze", operands: [{ shape: [1, 3] }, list(0)], opset: 11 }, /axes must be an attribute in opset 11/],
    [{ op: "Reshape", operands: [matrix, list(4, -1)] }, /shape 2×3 cannot become 4×-1/],
    [
      { op: "Reshape", operands: [matrix, { shape: [2], low: 1, high: 6, dataType: INT64 }] },
      /^node "reshape" \(Reshape\): shape "operand1" must be constant$/,
    ],
    [{ op: "Pad", operands: [matrix, list(1, 1)] }, /got 2 pads, want 4 for 2 axes/],
    [
      { op: "Pad", operands: [matrix, list(1, 0, 0, 2)], attributes: { mode: "mirror" } },
      /attribute mode "mirror" is not supported; supported: constant, reflect, edge, wrap/,
    ],
    [
      { op: "Split", operands: [{ shape: [2, 7] }, list(4, 2)], attributes: { axis: 1 }, outputs: [FLOAT, FLOAT] },
      /parts of 4, 2 do not make up the axis of size 7/,
    ],
    [{ op: "Range", operands: [integers([], 0), integers([], 9), integers([], 0)], outputs: [INT64] }, /delta is 0/],
    [{ op: "ConstantOfShape", operands: [list(1 << 13, 1 << 13)] }, /shape 8192×8192 has more than \d+ elements/],
    [{ op: "Tile", operands: [matrix, list(1 << 20, 1 << 20)] }, /has more than \d+ elements/],
    [{ op: "Expand", operands: [matrix, list(1 << 26, 1, 1)] }, /has more than \d+ elements/],
  ];
  for (const [given, message] of refusals) {
    it(`refuse ${titleOf(given)}`, () => {
      expect(refusalOf(given)).to.match(message);
    });
  }
});
