import { expect } from "chai";
import { INT64 } from "../../fixtures/onnx/buildModel.ts";
import {
  type Drawn,
  type OperatorCase,
  compareWithRuntime,
  integers,
  refusalOf,
  titleOf,
  weights,
} from "../../fixtures/onnx/operatorCase.ts";

const deep: Drawn = { shape: [2, 8, 2, 3] };
const image: Drawn = { shape: [2, 2, 4, 6] };
const matrix: Drawn = { shape: [2, 3, 4] };
const vector: Drawn = { shape: [5] };

const MOVES: readonly OperatorCase[] = [
  { op: "DepthToSpace", operands: [deep], attributes: { blocksize: 2 } },
  { op: "DepthToSpace", operands: [deep], attributes: { blocksize: 2, mode: "CRD" } },
  { op: "DepthToSpace", operands: [deep], attributes: { blocksize: 2 }, opset: 9 },
  { op: "SpaceToDepth", operands: [image], attributes: { blocksize: 2 } },
  { op: "ReverseSequence", operands: [matrix, integers([3], 1, 2, 0)], attributes: { batch_axis: 1, time_axis: 0 } },
  { op: "ReverseSequence", operands: [matrix, integers([2], 3, 2)], attributes: { batch_axis: 0, time_axis: 1 } },
  { op: "Trilu", operands: [matrix] },
  { op: "Trilu", operands: [matrix, integers([], 1)] },
  { op: "Trilu", operands: [matrix, integers([], -1)], attributes: { upper: 0 } },
  {
    op: "Trilu",
    operands: [{ shape: [4, 3], low: -5, high: 5, dataType: INT64 }],
    attributes: { upper: 0 },
    outputs: [INT64],
  },
  { op: "CenterCropPad", operands: [matrix, integers([3], 2, 5, 1)] },
  { op: "CenterCropPad", operands: [matrix, integers([2], 6, 1)], attributes: { axes: [-1, 0] } },
];

const SUMS: readonly OperatorCase[] = [
  { op: "CumSum", operands: [matrix, integers([], 1)] },
  { op: "CumSum", operands: [matrix, integers([], -1)], attributes: { exclusive: 1 } },
  { op: "CumSum", operands: [matrix, integers([], 0)], attributes: { reverse: 1 } },
  { op: "CumSum", operands: [vector, integers([], 0)], attributes: { reverse: 1, exclusive: 1 }, opset: 11 },
];

const einsum = (equation: string, ...operands: OperatorCase["operands"]): OperatorCase => ({
  op: "Einsum",
  operands,
  attributes: { equation },
});
const drawn = (...shape: number[]): Drawn => ({ shape });

const EINSUMS: readonly OperatorCase[] = [
  einsum("ij->ji", drawn(2, 3)),
  einsum("ij->", drawn(2, 3)),
  einsum("ii->i", drawn(3, 3)),
  einsum("ii", drawn(3, 3)),
  einsum("...ij->...ji", drawn(2, 3, 4)),
  einsum("ij,jk->ik", drawn(2, 3), drawn(3, 4)),
  einsum("ij,jk->ik", drawn(2, 3), weights(1, 3, 4)),
  einsum("ij,jk", weights(1, 2, 3), drawn(3, 4)),
  einsum("bij, bjk -> bik", drawn(2, 2, 3), drawn(2, 3, 2)),
  einsum("bhid,bhjd->bhij", drawn(1, 2, 3, 4), drawn(1, 2, 3, 4)),
  einsum("...ij,jk->...ik", drawn(2, 2, 3), weights(1, 3, 4)),
  einsum("...ij,...jk->...ik", drawn(2, 1, 2, 3), drawn(2, 3, 3, 2)),
  einsum("i,j->ij", drawn(3), weights(1, 2)),
  einsum("i,i->", drawn(3), drawn(3)),
  einsum("ij,ij->ij", drawn(2, 3), weights(2, 2, 3)),
  einsum("ij,k->j", drawn(2, 3), drawn(4)),
  einsum("ij,jk,kl->il", drawn(2, 3), weights(1, 3, 2), drawn(2, 2)),
];

describe("ONNX operators that move elements and sum them up", () => {
  [...MOVES, ...SUMS, ...EINSUMS].forEach((given, index) => {
    it(titleOf(given), async () => {
      expect(await compareWithRuntime(given, index + 1)).to.be.greaterThan(0);
    });
  });

  const refusals: readonly [OperatorCase, message: string][] = [
    [
      { op: "DepthToSpace", operands: [deep], attributes: { blocksize: 3 } },
      'node "depthtospace" (DepthToSpace): 8 channels are no multiple of the 9 pixels of a block',
    ],
    [
      { op: "DepthToSpace", operands: [deep], attributes: { blocksize: 2, mode: "XYZ" } },
      'node "depthtospace" (DepthToSpace): attribute mode "XYZ" is not supported; supported: DCR, CRD',
    ],
    [
      { op: "SpaceToDepth", operands: [image], attributes: { blocksize: 3 } },
      'node "spacetodepth" (SpaceToDepth): 4×6 pixels do not divide into blocks of 3×3',
    ],
    [
      { op: "ReverseSequence", operands: [matrix, integers([3], 1, 3, 0)] },
      'node "reversesequence" (ReverseSequence): sequence_lens 1, 3, 0 do not fit the shape 2×3×4',
    ],
    [
      { op: "Trilu", operands: [matrix, { shape: [], dataType: INT64 }] },
      'node "trilu" (Trilu): k "operand1" must be constant',
    ],
    [
      einsum("ij,jk->ix", drawn(2, 3), drawn(3, 4)),
      'node "einsum" (Einsum): attribute equation "ij,jk->ix": the output repeats a label or has one of its own',
    ],
    [
      einsum("ij,jk->ik", drawn(2, 3), drawn(4, 4)),
      'node "einsum" (Einsum): attribute equation: label j is of size 3 and 4',
    ],
    [
      einsum("ijk->i", drawn(2, 3)),
      'node "einsum" (Einsum): attribute equation: "ijk" does not fit an operand of 2 dimensions',
    ],
  ];
  for (const [given, message] of refusals) {
    it(`refuse ${titleOf(given)}`, () => {
      expect(refusalOf(given)).to.equal(message);
    });
  }
});
