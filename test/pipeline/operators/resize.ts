import { expect } from "chai";
import {
  type Drawn,
  type OperatorCase,
  compareWithRuntime,
  floats,
  integers,
  real,
  reals,
  refusalOf,
  titleOf,
} from "../../fixtures/onnx/operatorCase.ts";

const image: Drawn = { shape: [1, 2, 4, 5] };
const scaled = (...scales: number[]) => [image, null, floats([scales.length], ...scales)];
const sized = (...sizes: number[]) => [image, null, null, integers([sizes.length], ...sizes)];

const SHAPES: readonly (readonly number[])[] = [
  [1, 1, 2, 2],
  [1, 1, 0.5, 0.6],
  [1, 1, 1.7, 3],
];

const CASES: readonly OperatorCase[] = [
  ...["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"].flatMap((mode) =>
    SHAPES.flatMap((scales) => [
      ...["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].map((nearest) => ({
        op: "Resize",
        operands: scaled(...scales),
        attributes: { coordinate_transformation_mode: mode, nearest_mode: nearest },
      })),
      ...["linear", "cubic"].map((kind) => ({
        op: "Resize",
        operands: scaled(...scales),
        attributes: { coordinate_transformation_mode: mode, mode: kind },
      })),
    ]),
  ),
  ...["nearest", "linear", "cubic"].map((mode) => ({
    op: "Resize",
    operands: sized(1, 2, 7, 3),
    attributes: { mode },
  })),
  { op: "Resize", operands: sized(1, 2, 7, 3), attributes: { mode: "linear" }, opset: 13 },
  {
    op: "Resize",
    operands: [image, floats([0]), floats([0]), integers([4], 1, 2, 1, 10)],
    attributes: { mode: "linear", coordinate_transformation_mode: "pytorch_half_pixel" },
    opset: 11,
  },
  {
    op: "Resize",
    operands: scaled(1, 1, 1.5, 1.2),
    attributes: { mode: "linear", coordinate_transformation_mode: "half_pixel_symmetric" },
  },
  {
    op: "Resize",
    operands: scaled(1, 1, 2, 2),
    attributes: { mode: "cubic", cubic_coeff_a: real(-0.5), exclude_outside: 1 },
  },
  {
    op: "Resize",
    operands: [image, floats([8], 0, 0, 0.2, -0.3, 1, 1, 0.8, 1.1), null, integers([4], 1, 2, 3, 6)],
    attributes: { mode: "linear", coordinate_transformation_mode: "tf_crop_and_resize", extrapolation_value: real(7) },
  },
  {
    op: "Resize",
    operands: [image, floats([0]), floats([4], 1, 1, 2, 3)],
    attributes: { coordinate_transformation_mode: "tf_half_pixel_for_nn", nearest_mode: "floor" },
    opset: 11,
  },
  { op: "Resize", operands: sized(6, 8), attributes: { axes: [2, 3], mode: "linear" } },
  {
    op: "Resize",
    operands: sized(6, 20),
    attributes: { axes: [2, 3], mode: "linear", keep_aspect_ratio_policy: "not_larger" },
  },
  {
    op: "Resize",
    operands: sized(6, 20),
    attributes: { axes: [2, 3], keep_aspect_ratio_policy: "not_smaller" },
  },
  { op: "Resize", operands: [{ shape: [1, 1, 6] }, null, floats([3], 1, 1, 1.5)], attributes: { mode: "linear" } },
  ...SHAPES.flatMap((scales) =>
    ["nearest", "linear"].flatMap((mode) => [
      { op: "Resize", operands: [image, floats([4], ...scales)], attributes: { mode }, opset: 10 },
    ]),
  ),
  ...["nearest", "linear"].flatMap((mode) => [
    { op: "Upsample", operands: [image, floats([4], 1, 1, 2, 3)], attributes: { mode }, opset: 9 },
    { op: "Upsample", operands: [image], attributes: { mode, scales: reals(1, 1, 2, 1.5) }, opset: 7 },
  ]),
];

describe("ONNX operators that resize", () => {
  CASES.forEach((given, index) => {
    it(titleOf(given), async () => {
      expect(await compareWithRuntime(given, index + 1, 1)).to.be.greaterThan(0);
    });
  });

  const refusals: readonly [OperatorCase, message: string][] = [
    [
      { op: "Resize", operands: scaled(1, 1, 2, 2), attributes: { mode: "area" } },
      'node "resize" (Resize): attribute mode "area" is not supported; supported: nearest, linear, cubic',
    ],
    [
      { op: "Resize", operands: scaled(1, 1, 0.5, 0.5), attributes: { antialias: 1, mode: "linear" } },
      'node "resize" (Resize): attribute antialias 1 is not supported',
    ],
    [{ op: "Resize", operands: [image] }, 'node "resize" (Resize): want either scales or sizes'],
    [{ op: "Resize", operands: scaled(2, 2) }, 'node "resize" (Resize): got 2 scales or sizes for 4 axes'],
    [{ op: "Resize", operands: scaled(1, 1, 0, 2) }, 'node "resize" (Resize): a scale or size is 0, want more than 0'],
    [
      { op: "Resize", operands: [image, null, { shape: [4] }] },
      'node "resize" (Resize): scales "operand2" must be constant',
    ],
  ];
  for (const [given, message] of refusals) {
    it(`refuse ${titleOf(given)}`, () => {
      expect(refusalOf(given)).to.equal(message);
    });
  }
});
