import { expect } from "chai";
import { floatTwin } from "../../../src/float/floatTwin.ts";
import { readOnnx } from "../../../src/onnx/readOnnx.ts";
import { dropUnused } from "../../../src/passes/dropUnused.ts";
import { evaluateReal } from "../../../src/passes/evaluateReal.ts";
import { lowerGraph } from "../../../src/passes/lowerGraph.ts";
import { FLOAT, INT64, type ModelSpec, type NodeSpec, buildModel } from "../../fixtures/onnx/buildModel.ts";
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

const BOOL = 9;
const cube: Drawn = { shape: [2, 3, 4], low: -3, high: 3 };
const image: Drawn = { shape: [2, 6, 3, 2], low: -2, high: 3 };
const positive: Drawn = { shape: [2, 3, 4], low: 0.1, high: 3 };

const SOFTMAXES: readonly OperatorCase[] = ["Softmax", "LogSoftmax", "Hardmax"].flatMap((op): OperatorCase[] => [
  { op, operands: [cube] },
  { op, operands: [cube], attributes: { axis: 1 } },
  { op, operands: [cube], attributes: { axis: 0 } },
  { op, operands: [cube], opset: 11 },
  { op, operands: [cube], attributes: { axis: 2 }, opset: 11 },
  { op, operands: [cube], attributes: { axis: 0 }, opset: 9 },
  { op, operands: [{ shape: [1, 5], low: -60, high: 60 }] },
]);

const REDUCTIONS: readonly OperatorCase[] = [
  "ReduceL1",
  "ReduceL2",
  "ReduceLogSum",
  "ReduceLogSumExp",
  "ReduceSumSquare",
].flatMap((op): OperatorCase[] => [
  { op, operands: [positive] },
  { op, operands: [positive, integers([2], 0, -1)] },
  { op, operands: [positive, integers([1], 1)], attributes: { keepdims: 0 } },
  { op, operands: [positive], attributes: { axes: [-2], keepdims: 0 }, opset: 13 },
  { op, operands: [positive], attributes: { axes: [0, 1] }, opset: 11 },
]);

const NORMALISATIONS: readonly OperatorCase[] = [
  { op: "LayerNormalization", operands: [cube, weights(1, 4)] },
  { op: "LayerNormalization", operands: [cube, weights(1, 4), weights(2, 4)], attributes: { epsilon: real(0.1) } },
  { op: "LayerNormalization", operands: [cube, weights(1, 3, 4), weights(2, 3, 4)], attributes: { axis: 1 } },
  {
    op: "LayerNormalization",
    operands: [cube, weights(1, 4), weights(2, 4)],
    outputs: [FLOAT, FLOAT, FLOAT],
  },
  { op: "RMSNormalization", operands: [cube, weights(1, 4)], opset: 23 },
  { op: "RMSNormalization", operands: [cube, weights(1, 3, 4)], attributes: { axis: -2 }, opset: 23 },
  { op: "InstanceNormalization", operands: [image, weights(1, 6), weights(2, 6)] },
  { op: "InstanceNormalization", operands: [cube, weights(1, 3), weights(2, 3)], attributes: { epsilon: real(0.01) } },
  {
    op: "GroupNormalization",
    operands: [image, weights(1, 6), weights(2, 6)],
    attributes: { num_groups: 3 },
    opset: 21,
  },
  {
    op: "GroupNormalization",
    operands: [image, weights(1, 2), weights(2, 2)],
    attributes: { num_groups: 2 },
    opset: 18,
  },
  { op: "MeanVarianceNormalization", operands: [image] },
  { op: "MeanVarianceNormalization", operands: [image], attributes: { axes: [1, -1] } },
  { op: "LpNormalization", operands: [cube] },
  { op: "LpNormalization", operands: [cube], attributes: { axis: 1, p: 1 } },
  { op: "LRN", operands: [image], attributes: { size: 3, alpha: real(0.5), beta: real(0.6), bias: real(1.5) } },
  { op: "LRN", operands: [image], attributes: { size: 5, alpha: real(0.5) } },
];

describe("ONNX operators that normalise", () => {
  [...SOFTMAXES, ...REDUCTIONS, ...NORMALISATIONS].forEach((given, index) => {
    it(titleOf(given), async () => {
      expect(await compareWithRuntime(given, index + 1)).to.be.greaterThan(0);
    });
  });

  const attention = (mask: readonly NodeSpec[], constants: ModelSpec["constants"]): ModelSpec => ({
    inputs: [{ name: "scores", shape: [2, 3, 3] }],
    outputs: [{ name: "y" }],
    nodes: [...mask, { op: "Softmax", inputs: ["masked"], outputs: ["y"] }],
    constants: constants!,
  });
  const upper = [0, 1, 1, 0, 0, 1, 0, 0, 0];
  const masks: readonly [name: string, ModelSpec][] = [
    [
      "Where with −∞",
      attention([{ op: "Where", inputs: ["upper", "low", "scores"], outputs: ["masked"] }], {
        upper: { dims: [3, 3], data: upper, dataType: BOOL },
        low: { dims: [], data: [-Infinity] },
      }),
    ],
    [
      "Add of −∞ and 0",
      attention([{ op: "Add", inputs: ["scores", "upper"], outputs: ["masked"] }], {
        upper: { dims: [3, 3], data: upper.map((bit) => (bit === 1 ? -Infinity : 0)) },
      }),
    ],
    [
      "Add of a product with −10000",
      attention(
        [
          { op: "Mul", inputs: ["upper", "low"], outputs: ["mask"] },
          { op: "Add", inputs: ["mask", "scores"], outputs: ["masked"] },
        ],
        { upper: { dims: [1, 3, 3], data: upper }, low: { dims: [], data: [-10000] } },
      ),
    ],
  ];
  for (const [name, spec] of masks) {
    it(`leave masked scores out: ${name}`, async () => {
      const bytes = buildModel(spec);
      const graph = readOnnx(bytes);
      const program = dropUnused(lowerGraph(graph));
      const applied = program.steps.find(({ kind }) => kind === "Apply")!;
      const sample = [weights(7, 18).data as number[]];
      const values = evaluateReal(program, sample);
      const least = Math.min(...[...values.values()].flat());
      expect(least, "no trace of the mask").to.be.greaterThan(-10);
      expect(values.get(applied.output)!.length, "scores that count").to.equal(12);
      const twin = (await floatTwin(bytes, graph))!;
      const [want] = await twin.run(sample);
      await twin.release();
      const got = values.get(program.outputs[0].from)!;
      got.forEach((element, index) =>
        expect(Math.abs(element - want.values[index]) < 1e-6, `element ${index}`).to.equal(true),
      );
      expect(got.filter((element) => element === 0).length).to.equal(6);
    });
  }

  const stepsOf = (axis: number, outputs: readonly string[]) =>
    lowerGraph(
      readOnnx(
        buildModel({
          inputs: [{ name: "x", shape: [2, 3] }],
          outputs: outputs.map((name) => ({ name, dataType: name === "label" ? INT64 : FLOAT })),
          nodes: [
            { op: "Softmax", inputs: ["x"], outputs: ["p"], attributes: { axis } },
            { op: "ArgMax", inputs: ["p"], outputs: ["label"], attributes: { axis: 1 } },
          ],
        }),
      ),
    ).steps.map(({ kind }) => kind);

  it("vanish before an ArgMax along their axis and nowhere else", () => {
    expect(stepsOf(1, ["label"])).to.deep.equal(["ArgMax"]);
    expect(stepsOf(1, ["label", "p"])).to.include("Divide");
    expect(stepsOf(0, ["label"])).to.include("Apply");
  });

  const refusals: readonly [OperatorCase, message: string][] = [
    [
      { op: "LayerNormalization", operands: [cube, weights(1, 3)] },
      'node "layernormalization" (LayerNormalization): shapes 3 and 4 do not broadcast',
    ],
    [
      { op: "LayerNormalization", operands: [cube, { shape: [4] }] },
      'node "layernormalization" (LayerNormalization): scale "operand1" must be constant',
    ],
    [
      {
        op: "GroupNormalization",
        operands: [image, weights(1, 6), weights(2, 6)],
        attributes: { num_groups: 4 },
        opset: 21,
      },
      'node "groupnormalization" (GroupNormalization): attribute num_groups is 4, want a divisor of 6 channels',
    ],
    [
      { op: "LpNormalization", operands: [cube], attributes: { p: 3 } },
      'node "lpnormalization" (LpNormalization): attribute p 3 is not supported; supported: 1, 2',
    ],
    [
      { op: "InstanceNormalization", operands: [cube, weights(1, 3), floats([2], 0, 0)] },
      'node "instancenormalization" (InstanceNormalization): operand 2 has 2 elements, want 3',
    ],
  ];
  for (const [given, message] of refusals) {
    it(`refuse ${titleOf(given)}`, () => {
      expect(refusalOf(given)).to.equal(message);
    });
  }
});
