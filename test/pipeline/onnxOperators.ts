import { expect } from "chai";
import { InputError } from "../../src/errors.ts";
import { floatTwin } from "../../src/float/floatTwin.ts";
import { OPERATORS } from "../../src/onnx/operators/registry.ts";
import { readOnnx } from "../../src/onnx/readOnnx.ts";
import { lowerGraph } from "../../src/passes/lowerGraph.ts";
import { evaluateReal } from "../../src/passes/evaluateReal.ts";
import {
  INT64,
  type ModelSpec,
  type NodeSpec,
  type TensorSpec,
  buildModel,
  encode,
  modelObject,
} from "../fixtures/onnx/buildModel.ts";
import { seededNumbers } from "../fixtures/onnx/seededNumbers.ts";

/** One use of an operator: shapes of its operands and which of them are computed; the others are constants. */
interface Use {
  readonly op: string;
  readonly operands: readonly (readonly number[] | TensorSpec)[];
  readonly computed: readonly number[];
  readonly attributes?: NodeSpec["attributes"];
  readonly opset?: number;
  /** Element type of the output, float where absent. */
  readonly dataType?: number;
}

const integers = (...data: number[]): TensorSpec => ({ dims: [data.length], data, dataType: INT64 });
const real = (value: number) => ({ real: value });

const USES: readonly Use[] = [
  {
    op: "Gemm",
    operands: [
      [2, 3],
      [3, 4],
    ],
    computed: [0],
  },
  { op: "Gemm", operands: [[2, 3], [3, 4], [4]], computed: [0], attributes: { alpha: real(0.5), beta: real(-2) } },
  {
    op: "Gemm",
    operands: [
      [3, 2],
      [4, 3],
      [1, 4],
    ],
    computed: [0],
    attributes: { transA: 1, transB: 1 },
  },
  {
    op: "Gemm",
    operands: [
      [2, 3],
      [3, 4],
      [2, 4],
    ],
    computed: [0],
    attributes: { beta: real(3) },
  },
  {
    op: "Gemm",
    operands: [
      [2, 3],
      [3, 4],
      [2, 1],
    ],
    computed: [0],
  },
  { op: "Gemm", operands: [[2, 3], [3, 4], []], computed: [0] },
  { op: "Gemm", operands: [[2, 3], [3, 4], [4]], computed: [0, 2], attributes: { beta: real(0.25) } },
  { op: "Gemm", operands: [[2, 3], [3, 4], [4]], computed: [1] },
  {
    op: "Gemm",
    operands: [
      [3, 2],
      [4, 3],
    ],
    computed: [1],
    attributes: { transA: 1, transB: 1, alpha: real(2) },
  },
  {
    op: "MatMul",
    operands: [
      [2, 3],
      [3, 4],
    ],
    computed: [0],
  },
  {
    op: "MatMul",
    operands: [
      [2, 3],
      [3, 4],
    ],
    computed: [1],
  },
  {
    op: "MatMul",
    operands: [
      [2, 2, 3],
      [3, 4],
    ],
    computed: [0],
  },
  { op: "MatMul", operands: [[3], [3, 4]], computed: [0] },
  { op: "MatMul", operands: [[2, 3], [3]], computed: [0] },
  { op: "MatMul", operands: [[2, 3], [3]], computed: [1] },
  { op: "Add", operands: [[2, 3], [3]], computed: [0] },
  {
    op: "Add",
    operands: [
      [2, 3],
      [2, 1],
    ],
    computed: [0],
  },
  {
    op: "Add",
    operands: [
      [2, 1],
      [1, 3],
    ],
    computed: [1],
  },
  {
    op: "Add",
    operands: [
      [2, 1, 3],
      [4, 1],
    ],
    computed: [0, 1],
  },
  {
    op: "Sub",
    operands: [
      [2, 3],
      [2, 3],
    ],
    computed: [0, 1],
  },
  { op: "Sub", operands: [[2, 3], [3]], computed: [0] },
  { op: "Sub", operands: [[], [2, 3]], computed: [1] },
  { op: "Mul", operands: [[2, 3], [3]], computed: [0] },
  {
    op: "Mul",
    operands: [
      [2, 1],
      [1, 3],
    ],
    computed: [1],
  },
  { op: "Div", operands: [[2, 3], [1]], computed: [0] },
  { op: "Div", operands: [[2, 3], [3]], computed: [0] },
  { op: "Neg", operands: [[2, 3]], computed: [0] },
  { op: "Relu", operands: [[2, 3]], computed: [0] },
  { op: "Identity", operands: [[2, 3]], computed: [0] },
  { op: "Dropout", operands: [[2, 3]], computed: [0] },
  { op: "Cast", operands: [[2, 3]], computed: [0], attributes: { to: 1 } },
  { op: "Flatten", operands: [[2, 3, 2]], computed: [0] },
  { op: "Flatten", operands: [[2, 3, 2]], computed: [0], attributes: { axis: 3 } },
  { op: "Flatten", operands: [[2, 3, 2]], computed: [0], attributes: { axis: -1 } },
  { op: "Reshape", operands: [[2, 3, 2], integers(0, -1)], computed: [0] },
  { op: "Reshape", operands: [[2, 3, 2], integers(3, 4)], computed: [0] },
  { op: "Squeeze", operands: [[1, 3, 1]], computed: [0] },
  { op: "Squeeze", operands: [[1, 3, 1], integers(-1)], computed: [0] },
  { op: "Squeeze", operands: [[1, 3, 1]], computed: [0], attributes: { axes: [0] }, opset: 11 },
  { op: "Unsqueeze", operands: [[2, 3], integers(0, -1)], computed: [0] },
  { op: "Unsqueeze", operands: [[2, 3]], computed: [0], attributes: { axes: [1] }, opset: 11 },
  { op: "Transpose", operands: [[2, 3, 4]], computed: [0] },
  { op: "Transpose", operands: [[2, 3, 4]], computed: [0], attributes: { perm: [1, 0, 2] } },
  { op: "Transpose", operands: [[2, 3, 4]], computed: [0], attributes: { perm: [1, 2, 0] } },
  { op: "ArgMax", operands: [[2, 5]], computed: [0], attributes: { axis: 1 }, dataType: INT64 },
  { op: "ArgMax", operands: [[2, 5]], computed: [0], dataType: INT64 },
  { op: "ArgMax", operands: [[2, 3, 4]], computed: [0], attributes: { axis: -2, keepdims: 0 }, dataType: INT64 },
  { op: "Gather", operands: [[3, 4], integers(2, -3, 2)], computed: [0] },
  { op: "Gather", operands: [[2, 3, 2], integers(1)], computed: [0], attributes: { axis: 1 } },
  {
    op: "Gather",
    operands: [[3, 4], { dims: [], data: [-1], dataType: INT64 }],
    computed: [0],
    attributes: { axis: -1 },
  },
  { op: "Slice", operands: [[4, 5], integers(1), integers(3)], computed: [0] },
  {
    op: "Slice",
    operands: [[4, 5], integers(-3, 4), integers(99, -9), integers(0, -1), integers(2, -1)],
    computed: [0],
  },
  { op: "Slice", operands: [[4, 5]], computed: [0], attributes: { starts: [1], ends: [-1], axes: [1] }, opset: 9 },
];

const isTensor = (operand: readonly number[] | TensorSpec): operand is TensorSpec => "data" in operand;
const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

function titleOf({ op, operands, computed, attributes = {}, opset }: Use): string {
  const shapes = operands.map((operand, index) => {
    const shape = isTensor(operand) ? operand.data.join(",") : operand.join("×");
    return `${computed.includes(index) ? "" : "constant "}[${shape}]`;
  });
  const text = Object.entries(attributes).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return `${op} ${shapes.join(" ")}${text.join("")}${opset === undefined ? "" : ` opset ${opset}`}`;
}

/** A model of one node whose computed operands are inputs. */
function modelOf(
  { op, operands, computed, attributes, opset, dataType }: Use,
  numbers: (count: number) => number[],
): ModelSpec {
  const names = operands.map((_, index) => `operand${index}`);
  const isComputed = (_: unknown, index: number) => computed.includes(index);
  const tensors = operands.map((operand) =>
    isTensor(operand) ? operand : { dims: operand, data: numbers(sizeOf(operand)) },
  );
  return {
    inputs: operands.map((operand, index) => ({ name: names[index], shape: operand as number[] })).filter(isComputed),
    outputs: [{ name: "y", ...(dataType === undefined ? {} : { dataType }) }],
    nodes: [{ op, inputs: names, outputs: ["y"], ...(attributes === undefined ? {} : { attributes }) }],
    constants: Object.fromEntries(
      tensors.map((tensor, index) => [names[index], tensor] as const).filter((_, index) => !isComputed(_, index)),
    ),
    ...(opset === undefined ? {} : { opset }),
  };
}

/** The same node with constants for all operands, its result cast to float and added to the input `x`. */
function foldedModel(use: Use, numbers: (count: number) => number[]): ModelSpec {
  const { nodes, constants, opset } = modelOf({ ...use, computed: [] }, numbers);
  return {
    inputs: [{ name: "x", shape: [1] }],
    outputs: [{ name: "z" }],
    nodes: [
      ...nodes,
      { op: "Cast", name: "result", inputs: ["y"], outputs: ["real"], attributes: { to: 1 } },
      { op: "Add", name: "sum", inputs: ["x", "real"], outputs: ["z"] },
    ],
    constants: constants!,
    ...(opset === undefined ? {} : { opset }),
  };
}

/** Compares the real program with onnxruntime on one input and returns how many elements were compared. */
/** Hardhat's matchers, which the whole suite loads, compare integers only. */
const expectClose = (got: number, want: number): unknown =>
  expect(Math.abs(got - want), `${got}, want ${want}`).to.satisfy((error: number) => error <= 1e-5);

async function compare(spec: ModelSpec, numbers: (count: number) => number[]): Promise<number> {
  const bytes = buildModel(spec);
  const graph = readOnnx(bytes);
  const sample = graph.inputs.map(({ shape }) => numbers(sizeOf(shape)));
  const real = lowerGraph(graph);
  const values = evaluateReal(real, sample);
  const twin = await floatTwin(bytes, graph);
  const want = await twin!.run(sample);
  await twin!.release();
  expect(real.outputs.length).to.equal(want.length);
  real.outputs.forEach(({ from, shape }, output) => {
    const got = values.get(from)!;
    expect(got.length).to.equal(want[output].values.length).and.to.equal(sizeOf(shape));
    got.forEach((value, index) => expectClose(value, want[output].values[index]));
  });
  return want[0].values.length;
}

describe("ONNX operators", () => {
  describe("mean what onnxruntime computes", () => {
    for (const [index, use] of USES.entries()) {
      it(titleOf(use), async () => {
        expect(await compare(modelOf(use, seededNumbers(index + 1)), seededNumbers(1000 + index))).to.be.greaterThan(0);
      });
    }
  });

  describe("fold constants as onnxruntime computes them", () => {
    for (const [index, use] of USES.entries()) {
      it(titleOf({ ...use, computed: [] }), async () => {
        const spec = foldedModel(use, seededNumbers(index + 1));
        expect(readOnnx(buildModel(spec)).nodes.map(({ operator }) => operator)).to.deep.equal(["Add"]);
        expect(await compare(spec, seededNumbers(2000 + index))).to.be.greaterThan(0);
      });
    }

    const views: [name: string, nodes: NodeSpec[], constants: ModelSpec["constants"]][] = [
      [
        "Shape, Gather, Unsqueeze and Concat into the shape of a Reshape",
        [
          { op: "Shape", inputs: ["x"], outputs: ["sizes"] },
          { op: "Gather", inputs: ["sizes", "first"], outputs: ["rows"] },
          { op: "Unsqueeze", inputs: ["rows", "zero"], outputs: ["row"] },
          { op: "Concat", inputs: ["row", "rest"], outputs: ["target"], attributes: { axis: 0 } },
          { op: "Reshape", inputs: ["x", "target"], outputs: ["z"] },
        ],
        { first: { dims: [], data: [0], dataType: INT64 }, zero: integers(0), rest: integers(-1) },
      ],
      [
        "Shape of some axes",
        [
          { op: "Shape", inputs: ["x"], outputs: ["sizes"], attributes: { start: -2, end: 9 } },
          { op: "Concat", inputs: ["rest", "sizes"], outputs: ["target"], attributes: { axis: -1 } },
          { op: "Reshape", inputs: ["x", "target"], outputs: ["z"] },
        ],
        { rest: integers(1, -1) },
      ],
      [
        "Concat of matrices",
        [
          { op: "Concat", inputs: ["left", "right"], outputs: ["both"], attributes: { axis: 1 } },
          { op: "Add", inputs: ["x", "both"], outputs: ["z"] },
        ],
        { left: { dims: [3, 1], data: [1, 2, 3] }, right: { dims: [3, 3], data: [4, 5, 6, 7, 8, 9, 10, 11, 12] } },
      ],
    ];
    for (const [name, nodes, constants] of views) {
      it(name, async () => {
        const spec = { inputs: [{ name: "x", shape: [2, 3, 4] }], outputs: [{ name: "z" }], nodes, constants };
        expect(readOnnx(buildModel(spec)).nodes).to.have.length(1);
        expect(await compare(spec, seededNumbers(9))).to.equal(24);
      });
    }

    it("Slice to the end, as far as 64 bits go", () => {
      const end = {
        name: "end",
        dims: [1],
        dataType: INT64,
        rawData: new Uint8Array(BigInt64Array.of(2n ** 63n - 1n).buffer),
      };
      const model = modelObject(
        modelOf({ op: "Slice", operands: [[4], integers(1), integers(0)], computed: [0] }, seededNumbers(1)),
      );
      model.graph.initializer[1] = { ...end, name: "operand2" };
      expect(readOnnx(encode(model)).outputs[0].shape).to.deep.equal([3]);
    });

    it("Constant in each of its forms", async () => {
      const forms: [NodeSpec["attributes"], number][] = [
        [{ value: { dims: [2], data: [1.5, -2] } }, 2],
        [{ value_float: real(0.75) }, 1],
        [{ value_int: 3 }, 1],
        [{ value_ints: [3, -4, 5] }, 3],
      ];
      for (const [attributes, count] of forms) {
        const spec = foldedModel({ op: "Constant", operands: [], computed: [], attributes }, seededNumbers(1));
        expect(await compare(spec, seededNumbers(3))).to.equal(count);
      }
    });
  });

  describe("Softmax and LogSoftmax", () => {
    const classifier = (op: string, axis: number, outputs: string[], opset = 20): ModelSpec => ({
      inputs: [{ name: "x", shape: [2, 3] }],
      outputs: outputs.map((name) => ({ name, ...(name === "label" ? { dataType: INT64 } : {}) })),
      nodes: [
        { op, inputs: ["x"], outputs: ["p"], attributes: { axis } },
        { op: "ArgMax", inputs: ["p"], outputs: ["label"], attributes: { axis: 1 } },
      ],
      opset,
    });

    for (const op of ["Softmax", "LogSoftmax"]) {
      it(`${op} vanishes before an ArgMax along its axis`, async () => {
        expect(await compare(classifier(op, -1, ["label"]), seededNumbers(5))).to.equal(2);
        expect(await compare(classifier(op, 1, ["label"], 11), seededNumbers(6))).to.equal(2);
      });

      it(`${op} is refused anywhere else`, () => {
        const lowering = (spec: ModelSpec) => () => lowerGraph(readOnnx(buildModel(spec)));
        const message = /logits as output/;
        expect(lowering(classifier(op, 1, ["label", "p"]))).to.throw(InputError, message);
        expect(lowering(classifier(op, 0, ["label"]))).to.throw(InputError, message);
      });
    }
  });

  it("are all covered here", () => {
    const covered = new Set([...USES.map(({ op }) => op), "Concat", "Constant", "LogSoftmax", "Shape", "Softmax"]);
    expect([...OPERATORS.keys()].filter((name) => !covered.has(name))).to.deep.equal([]);
  });

  it("refuse lists that another opset has elsewhere", () => {
    const squeeze = { op: "Squeeze", operands: [[1, 3]], computed: [0] };
    const reading = (use: Use) => () => readOnnx(buildModel(modelOf(use, seededNumbers(1))));
    expect(reading({ ...squeeze, attributes: { axes: [0] } })).to.throw(InputError, "axes must be an operand");
    const operands = [...squeeze.operands, integers(0)];
    expect(reading({ ...squeeze, operands, opset: 11 })).to.throw(InputError, "axes must be an attribute");
  });

  it("refuse products of two computed values", () => {
    for (const op of ["MatMul", "Mul", "Div", "Gemm"]) {
      const spec = modelOf(
        {
          op,
          operands: [
            [2, 2],
            [2, 2],
          ],
          computed: [0, 1],
        },
        seededNumbers(1),
      );
      expect(() => lowerGraph(readOnnx(buildModel(spec))), op).to.throw(InputError, /must be constant/);
    }
  });
});
