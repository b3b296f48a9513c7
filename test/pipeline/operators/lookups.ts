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

const table: Drawn = { shape: [4, 3], low: -2, high: 2 };
const cube: Drawn = { shape: [2, 3, 4], low: -2, high: 2 };
/** Indices into an axis of `size` elements, negative ones too. */
const anyIndex = (size: number, ...shape: number[]): Drawn => ({ shape, low: -size, high: size - 1, dataType: INT64 });
const pairs: Drawn = { shape: [2, 2], low: -2, high: 1, dataType: INT64 };

const LOOKUPS: readonly OperatorCase[] = [
  { op: "Gather", operands: [table, integers([2, 2], 0, -1, 3, 2)] },
  { op: "Gather", operands: [cube, integers([], -2)], attributes: { axis: 1 } },
  { op: "Gather", operands: [weights(1, 4, 3), anyIndex(4, 2, 2)] },
  { op: "Gather", operands: [weights(1, 2, 3, 2), anyIndex(3, 4)], attributes: { axis: 1 } },
  { op: "Gather", operands: [cube, anyIndex(4, 3)], attributes: { axis: -1 } },
  { op: "Gather", operands: [cube, anyIndex(2)], opset: 9 },
  { op: "GatherElements", operands: [table, integers([2, 3], 0, -1, 3, 2, 1, 0)] },
  { op: "GatherElements", operands: [table, integers([3, 2], 0, -1, 2, 1, 1, 0)], attributes: { axis: 1 } },
  { op: "GatherElements", operands: [table, anyIndex(4, 2, 2)] },
  { op: "GatherElements", operands: [weights(1, 2, 3, 4), anyIndex(3, 1, 5, 4)], attributes: { axis: 1 } },
  { op: "GatherND", operands: [cube, integers([2, 2], 0, -1, 1, 0)] },
  { op: "GatherND", operands: [cube, integers([2, 1, 1], -1, 2)], attributes: { batch_dims: 1 } },
  { op: "GatherND", operands: [cube, { shape: [3, 2], low: 0, high: 1, dataType: INT64 }] },
  { op: "GatherND", operands: [weights(1, 2, 2, 3), pairs] },
  { op: "GatherND", operands: [cube, anyIndex(3, 2, 2, 1)], attributes: { batch_dims: 1 } },
  { op: "OneHot", operands: [anyIndex(4, 2, 3), integers([], 4), floats([2], 0, 1)] },
  { op: "OneHot", operands: [anyIndex(3, 5), integers([1], 3), floats([2], -1, 2.5)], attributes: { axis: 0 } },
  { op: "OneHot", operands: [anyIndex(9, 2, 2), integers([], 4), floats([2], 0, 1)], attributes: { axis: 1 } },
];

const three = integers([1, 3], 0, -1, 3);

const SCATTERS: readonly OperatorCase[] = [
  { op: "Scatter", operands: [table, three, { shape: [1, 3] }], opset: 9 },
  { op: "ScatterElements", operands: [table, three, { shape: [1, 3] }] },
  { op: "ScatterElements", operands: [table, three, weights(1, 1, 3)], opset: 11 },
  {
    op: "ScatterElements",
    operands: [cube, integers([1, 2, 2], 1, 1, 0, -1), { shape: [1, 2, 2] }],
    attributes: { axis: 1 },
  },
  ...["add", "mul", "max", "min"].map((reduction) => ({
    op: "ScatterElements",
    operands: [table, integers([3, 2], 0, 1, 0, 2, -4, 1), { shape: [3, 2] }],
    attributes: { reduction },
  })),
  { op: "ScatterElements", operands: [table, anyIndex(4, 2, 2), { shape: [2, 2] }], attributes: { reduction: "add" } },
  { op: "ScatterElements", operands: [table, anyIndex(3, 1, 2), weights(1, 1, 2)], attributes: { axis: 1 } },
  { op: "ScatterElements", operands: [weights(1, 4, 3), anyIndex(4, 1, 3), { shape: [1, 3] }] },
  { op: "ScatterND", operands: [table, integers([2, 1], 1, -1), { shape: [2, 3] }] },
  { op: "ScatterND", operands: [cube, integers([2, 2], 0, 1, 1, -3), { shape: [2, 4] }], opset: 11 },
  ...["add", "mul", "max", "min"].map((reduction) => ({
    op: "ScatterND",
    operands: [table, integers([3, 1], 1, 2, 1), { shape: [3, 3] }],
    attributes: { reduction },
  })),
  { op: "ScatterND", operands: [table, anyIndex(4, 2, 1), { shape: [2, 3] }], attributes: { reduction: "add" } },
  { op: "ScatterND", operands: [cube, { shape: [1, 2], low: 0, high: 1, dataType: INT64 }, { shape: [1, 4] }] },
];

const row: Drawn = { shape: [2, 9], low: -3, high: 3 };

const TOP: readonly OperatorCase[] = [
  { op: "TopK", operands: [row, integers([1], 1)], outputs: [FLOAT, INT64] },
  { op: "TopK", operands: [row, integers([1], 1)], outputs: [FLOAT, null] },
  { op: "TopK", operands: [row, integers([1], 2)], outputs: [FLOAT, INT64] },
  { op: "TopK", operands: [row, integers([1], 5)], outputs: [FLOAT, INT64] },
  { op: "TopK", operands: [row, integers([1], 9)], outputs: [FLOAT, INT64], attributes: { largest: 0 } },
  { op: "TopK", operands: [row, integers([1], 2)], outputs: [FLOAT, INT64], attributes: { largest: 0 } },
  { op: "TopK", operands: [cube, integers([1], 2)], outputs: [FLOAT, INT64], attributes: { axis: 1 } },
  { op: "TopK", operands: [cube], outputs: [FLOAT, INT64], attributes: { axis: 0, k: 2 }, opset: 9 },
  { op: "TopK", operands: [{ shape: [2, 1] }, integers([1], 1)], outputs: [FLOAT, INT64] },
  // Few different numbers: many are equal.
  ...[1, 2, 3, 7].map((k) => ({
    op: "TopK",
    operands: [{ shape: [4, 8], low: 0, high: 2, dataType: INT64 }, integers([1], k)],
    outputs: [INT64, INT64],
  })),
  // All are equal.
  ...[2, 4].map((k) => ({
    op: "TopK",
    operands: [{ shape: [2, 7], low: 3, high: 3, dataType: INT64 }, integers([1], k)],
    outputs: [INT64, INT64],
  })),
];

describe("ONNX operators that look up, scatter and sort", () => {
  [...LOOKUPS, ...SCATTERS, ...TOP].forEach((given, index) => {
    it(titleOf(given), async () => {
      expect(await compareWithRuntime(given, index + 1, 4)).to.be.greaterThan(0);
    });
  });

  const refusals: readonly [OperatorCase, message: string][] = [
    [
      { op: "Gather", operands: [table, integers([1], 4)] },
      'node "gather" (Gather): index 4 does not exist, want -4 to 3',
    ],
    [
      { op: "GatherElements", operands: [table, integers([2, 4], 0, 0, 0, 0, 0, 0, 0, 0)] },
      'node "gatherelements" (GatherElements): indices 2×4 do not fit into 4×3 along axis 0',
    ],
    [
      { op: "GatherND", operands: [cube, integers([1, 4], 0, 0, 0, 0)] },
      'node "gathernd" (GatherND): indices 1×4 do not fit into 2×3×4 with attribute batch_dims 0',
    ],
    [
      { op: "OneHot", operands: [anyIndex(4, 2), { shape: [], dataType: INT64 }, floats([2], 0, 1)] },
      'node "onehot" (OneHot): depth "operand1" must be constant',
    ],
    [
      {
        op: "ScatterElements",
        operands: [table, anyIndex(4, 1, 3), { shape: [1, 3] }],
        attributes: { reduction: "max" },
      },
      'node "scatterelements" (ScatterElements): attribute reduction max needs constant indices; supported: none, add',
    ],
    [
      { op: "ScatterND", operands: [table, integers([2, 1], 1, 2), { shape: [2, 4] }] },
      'node "scatternd" (ScatterND): updates are of shape 2×4, want 2×3',
    ],
    [{ op: "TopK", operands: [row, integers([1], 10)] }, 'node "topk" (TopK): k is 10, want 1 to 9'],
    [
      { op: "TopK", operands: [row, { shape: [1], dataType: INT64 }] },
      'node "topk" (TopK): K "operand1" must be constant',
    ],
  ];
  for (const [given, message] of refusals) {
    it(`refuse ${titleOf(given)}`, () => {
      expect(refusalOf(given)).to.equal(message);
    });
  }

  it("refuse what would take more multiplications than a circuit could hold", () => {
    const wide = 1 << 13;
    const one = { dims: [wide], data: Array(wide).fill(0), dataType: INT64 };
    const large: readonly OperatorCase[] = [
      { op: "TopK", operands: [{ shape: [wide] }, integers([1], wide)], outputs: [FLOAT, INT64] },
      {
        op: "ScatterElements",
        operands: [{ shape: [wide] }, one, { shape: [wide] }],
        attributes: { reduction: "add" },
      },
      { op: "Gather", operands: [{ shape: [wide] }, anyIndex(4, wide)] },
    ];
    for (const given of large) expect(refusalOf(given)).to.match(/^node .*: with 67108864 .*multiplications/);
  });
});
