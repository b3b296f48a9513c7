import { readFileSync, readdirSync } from "node:fs";
import { expect } from "chai";
import { InputError } from "../../src/errors.ts";
import { floatTwin } from "../../src/float/floatTwin.ts";
import { OPERATORS } from "../../src/onnx/operators/registry.ts";
import { readOnnx } from "../../src/onnx/readOnnx.ts";
import { evaluateReal } from "../../src/passes/evaluateReal.ts";
import { lowerGraph } from "../../src/passes/lowerGraph.ts";
import {
  FLOAT,
  INT64,
  type ModelSpec,
  type NodeSpec,
  type TensorSpec,
  buildModel,
  encode,
  modelObject,
} from "../fixtures/onnx/buildModel.ts";
import { floats, integers, real } from "../fixtures/onnx/operatorCase.ts";
import { seededNumbers } from "../fixtures/onnx/seededNumbers.ts";

const BOOL = 9;
const list = (...data: number[]): TensorSpec => integers([data.length], ...data);
const scalar = (value: number): TensorSpec => integers([], value);
const node = (
  op: string,
  inputs: readonly string[],
  output: string,
  attributes?: NodeSpec["attributes"],
): NodeSpec => ({
  op,
  name: output,
  inputs,
  outputs: [output],
  ...(attributes && { attributes }),
});

/** Runs a model of one or no computed input in both worlds; gives the real program's outputs after comparing them. */
async function compare(spec: ModelSpec): Promise<(readonly number[])[]> {
  const bytes = buildModel(spec);
  const graph = readOnnx(bytes);
  const sample = graph.inputs.map(({ shape }) => seededNumbers(9)(shape.reduce((product, size) => product * size, 1)));
  const program = lowerGraph(graph);
  const values = evaluateReal(program, sample);
  const twin = (await floatTwin(bytes, graph))!;
  const want = await twin.run(sample);
  await twin.release();
  const got = program.outputs.map(({ from }) => values.get(from)!);
  expect(got.map(({ length }) => length)).to.deep.equal(want.map((output) => output.values.length));
  got.flat().forEach((element, index) => {
    const error = Math.abs(element - want.flatMap((output) => output.values)[index]);
    expect(error <= 1e-5, `element ${index} is off by ${error}`).to.equal(true);
  });
  return got;
}

/** What exporters compute from shapes; `x` is 2×3×4 and the model's output is `z`. */
const FOLDED: readonly [name: string, nodes: readonly NodeSpec[], constants: ModelSpec["constants"]][] = [
  [
    "Shape, Gather, Unsqueeze and Concat into the shape of a Reshape",
    [
      node("Shape", ["x"], "sizes"),
      node("Gather", ["sizes", "first"], "rows"),
      node("Unsqueeze", ["rows", "zero"], "row"),
      node("Concat", ["row", "rest"], "target", { axis: 0 }),
      node("Reshape", ["x", "target"], "z"),
    ],
    { first: scalar(0), zero: list(0), rest: list(-1) },
  ],
  [
    "Shape of some axes",
    [
      node("Shape", ["x"], "sizes", { start: -2, end: 9 }),
      node("Concat", ["rest", "sizes"], "target", { axis: -1 }),
      node("Reshape", ["x", "target"], "z"),
    ],
    { rest: list(1, -1) },
  ],
  [
    "Concat of matrices",
    [node("Concat", ["left", "right"], "both", { axis: 1 }), node("Add", ["x", "both"], "z")],
    { left: floats([3, 1], 1, 2, 3), right: floats([3, 3], 4, 5, 6, 7, 8, 9, 10, 11, 12) },
  ],
  [
    "an Expand whose −1 is chosen by Equal and Where",
    [
      node("Shape", ["wanted"], "rank"),
      node("ConstantOfShape", ["rank"], "ones", { value: { dims: [1], data: [1], dataType: INT64 } }),
      node("Mul", ["ones", "minusOne"], "minusOnes"),
      node("Equal", ["wanted", "minusOnes"], "isOpen"),
      node("Where", ["isOpen", "ones", "wanted"], "target"),
      node("Expand", ["x", "target"], "z"),
    ],
    { wanted: list(1, -1, -1, -1), minusOne: scalar(-1) },
  ],
  [
    "integer division, casts and a Range of positions",
    [
      node("Shape", ["x"], "sizes"),
      node("Gather", ["sizes", "last"], "width"),
      node("Div", ["width", "three"], "third"),
      node("Cast", ["third"], "real", { to: FLOAT }),
      node("Ceil", ["real"], "ceiled"),
      node("Cast", ["ceiled"], "step", { to: INT64 }),
      node("Range", ["start", "width", "step"], "positions"),
      node("Gather", ["x", "positions"], "z", { axis: 2 }),
    ],
    { last: scalar(-1), three: scalar(3), start: scalar(0) },
  ],
  [
    "sizes reduced, compared and sliced",
    [
      node("Shape", ["x"], "sizes"),
      node("ReduceProd", ["sizes"], "all", { keepdims: 1 }),
      node("Slice", ["sizes", "zero", "one"], "rows"),
      node("Div", ["all", "rows"], "columns"),
      node("Max", ["columns", "one"], "most"),
      node("Concat", ["rows", "most"], "target", { axis: 0 }),
      node("Reshape", ["x", "target"], "z"),
    ],
    { zero: list(0), one: list(1) },
  ],
];

describe("ONNX operators", () => {
  describe("compute from shapes while reading", () => {
    for (const [name, nodes, constants] of FOLDED) {
      it(name, async () => {
        const spec: ModelSpec = {
          inputs: [{ name: "x", shape: [2, 3, 4] }],
          outputs: [{ name: "z" }],
          nodes,
          constants: constants!,
        };
        expect(readOnnx(buildModel(spec)).nodes.map(({ outputs }) => outputs[0])).to.deep.equal(["z"]);
        expect((await compare(spec))[0].length).to.be.greaterThan(23);
      });
    }

    it("Slice to the end, as far as 64 bits go", () => {
      const model = modelObject({
        inputs: [{ name: "x", shape: [4] }],
        outputs: [{ name: "y" }],
        nodes: [node("Slice", ["x", "starts", "ends"], "y")],
        constants: { starts: list(1), ends: list(0) },
      });
      const rawData = new Uint8Array(BigInt64Array.of(2n ** 63n - 1n).buffer);
      Object.assign(model.graph.initializer[1], { dataType: INT64, rawData, int64Data: [] });
      expect(readOnnx(encode(model)).outputs[0].shape).to.deep.equal([3]);
    });

    it("Constant in each of its forms", async () => {
      const forms: readonly [NodeSpec["attributes"], number, readonly number[]][] = [
        [{ value: floats([2], 1.5, -2) }, FLOAT, [1.5, -2]],
        [{ value_float: real(0.75) }, FLOAT, [0.75]],
        [{ value_floats: { reals: [0.75, 2] } }, FLOAT, [0.75, 2]],
        [{ value_int: 3 }, INT64, [3]],
        [{ value_ints: [3, -4, 5] }, INT64, [3, -4, 5]],
      ];
      for (const [attributes, dataType, want] of forms) {
        const nodes = [node("Constant", [], "y", attributes)];
        const inputs = [{ name: "x", shape: [1] }];
        expect(await compare({ inputs, outputs: [{ name: "y", dataType }], nodes })).to.deep.equal([want]);
      }
    });

    it("integers exactly", () => {
      const constants = { a: scalar(2 ** 52 + 1), b: scalar(1) };
      const spec = (op: string): ModelSpec => ({
        inputs: [{ name: "x", shape: [1] }],
        outputs: [{ name: "y", dataType: INT64 }],
        nodes: [node(op, ["a", "b"], "y")],
        constants,
      });
      expect(readOnnx(buildModel(spec("Sub"))).constants.get("y")!.data).to.deep.equal([2 ** 52]);
      expect(readOnnx(buildModel(spec("Div"))).constants.get("y")!.data).to.deep.equal([2 ** 52 + 1]);
      const tooLarge = { ...spec("Mul"), constants: { a: scalar(2 ** 52 + 1), b: scalar(4) } };
      expect(() => readOnnx(buildModel(tooLarge))).to.throw(InputError, /node "y" \(Mul\): its constant result holds/);
    });
  });

  describe("give out", () => {
    it("what does not depend on the input, with a note, and inputs themselves", async () => {
      const spec: ModelSpec = {
        inputs: [{ name: "x", shape: [2] }],
        outputs: [{ name: "x" }, { name: "y" }, { name: "z" }],
        nodes: [node("Neg", ["c"], "y"), node("Relu", ["x"], "z")],
        constants: { c: floats([3], 1, -2, 3) },
      };
      const [first, second] = await compare(spec);
      expect(first).to.deep.equal(seededNumbers(9)(2));
      expect(second).to.deep.equal([-1, 2, -3]);
      expect(readOnnx(buildModel(spec)).notes).to.deep.equal([
        'output "y" does not depend on the input: it is the same whatever the input',
      ]);
    });

    it("only outputs that are supported, where something reads them", async () => {
      const spec = (outputs: ModelSpec["outputs"]): ModelSpec => ({
        inputs: [{ name: "x", shape: [1, 1, 4] }],
        outputs,
        nodes: [{ op: "MaxPool", inputs: ["x"], outputs: ["y", "places"], attributes: { kernel_shape: [2] } }],
      });
      expect(await compare(spec([{ name: "y" }]))).to.have.length(1);
      expect(() => readOnnx(buildModel(spec([{ name: "places", dataType: INT64 }])))).to.throw(
        InputError,
        'node "maxpool" (MaxPool): its output 1 ("places") is used, which is not supported',
      );
    });

    it("the mask of Dropout, which keeps everything", async () => {
      const spec = (opset: number): ModelSpec => ({
        inputs: [{ name: "x", shape: [2] }],
        outputs: [{ name: "y" }, { name: "z", dataType: BOOL }],
        nodes: [{ op: "Dropout", inputs: ["x"], outputs: ["y", "mask"] }, node("Identity", ["mask"], "z")],
        opset,
      });
      expect((await compare(spec(20)))[1]).to.deep.equal([1, 1]);
      expect(() => readOnnx(buildModel(spec(11)))).to.throw(InputError, 'output 1 ("mask") is used');
    });
  });

  it("Softmax and LogSoftmax of opset 11 cost nothing before an ArgMax along the axes that they flatten", async () => {
    for (const op of ["Softmax", "LogSoftmax"]) {
      const spec: ModelSpec = {
        inputs: [{ name: "x", shape: [2, 3] }],
        outputs: [{ name: "label", dataType: INT64 }],
        nodes: [node(op, ["x"], "p", { axis: 1 }), node("ArgMax", ["p"], "label", { axis: 1 })],
        opset: 11,
      };
      expect((await compare(spec))[0]).to.have.length(2);
      expect(lowerGraph(readOnnx(buildModel(spec))).steps.map(({ kind }) => kind)).to.deep.equal(["ArgMax"]);
    }
  });

  it("are all named in a test that compares them", () => {
    const folder = new URL("operators/", import.meta.url);
    const texts = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), "utf8"));
    const all = [...texts, readFileSync(new URL(import.meta.url), "utf8")].join("\n");
    expect([...OPERATORS.keys()].filter((name) => !all.includes(`"${name}"`))).to.deep.equal([]);
  });
});
