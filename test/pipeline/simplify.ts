import { expect } from "chai";
import { evaluateReal } from "../../src/passes/evaluateReal.ts";
import { lowerGraph } from "../../src/passes/lowerGraph.ts";
import { quantise } from "../../src/passes/quantise.ts";
import { simplify } from "../../src/passes/simplify.ts";
import { evaluate } from "../../src/kernels/interpret.ts";
import type { RealGraph } from "../../src/ir/realGraph.ts";
import { readOnnx } from "../../src/onnx/readOnnx.ts";
import { type ModelSpec, type NodeSpec, buildModel } from "../fixtures/onnx/buildModel.ts";
import { seededNumbers } from "../fixtures/onnx/seededNumbers.ts";

const numbers = seededNumbers(11);
const tensor = (...dims: number[]) => ({ dims, data: numbers(dims.reduce((product, size) => product * size, 1)) });
const scalar = (value: number) => ({ dims: [], data: [value] });

/** A chain of nodes from x to y; each reads the result of the one before and constants. */
function chain(shape: number[], constants: ModelSpec["constants"], nodes: Omit<NodeSpec, "outputs">[]): ModelSpec {
  return {
    inputs: [{ name: "x", shape }],
    outputs: [{ name: "y" }],
    constants,
    nodes: nodes.map((node, index) => ({
      ...node,
      name: `n${index}`,
      outputs: [index === nodes.length - 1 ? "y" : `v${index}`],
    })),
  };
}

/** The graph before and after, having compared what they compute on ten inputs. */
function simplified(spec: ModelSpec): { before: RealGraph; after: RealGraph } {
  const before = lowerGraph(readOnnx(buildModel(spec)));
  const after = simplify(before);
  const size = (spec.inputs[0].shape as number[]).reduce((product, length) => product * length, 1);
  for (let sample = 0; sample < 10; sample++) {
    const row = numbers(size).map((value) => 3 * value);
    const [one, other] = [before, after].map((graph) => evaluateReal(graph, [row]).get(graph.outputs[0].from)!);
    other.forEach((value, index) => {
      const error = Math.abs(value - one[index]);
      expect(error).to.satisfy((e: number) => e <= 1e-9 * Math.max(1, Math.abs(one[index])), `element ${index}`);
    });
  }
  return { before, after };
}

const kindsOf = ({ steps }: RealGraph): string[] => steps.map(({ kind }) => kind);

describe("simplify keeps what a model computes and", () => {
  it("compares sums in a pool and rectifies what wins", () => {
    const { after } = simplified(
      chain([1, 1, 6, 6], { w: tensor(2, 1, 3, 3), b: tensor(2) }, [
        { op: "Conv", inputs: ["x", "w", "b"] },
        { op: "Relu", inputs: ["v0"] },
        { op: "MaxPool", inputs: ["v1"], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
      ]),
    );
    expect(kindsOf(after)).to.deep.equal(["Linear", "Extreme", "Relu"]);
  });

  it("reads through pools and folds a normalisation and its neighbours into sums", () => {
    const { after } = simplified(
      chain(
        [1, 2, 6, 6],
        {
          scale: tensor(2),
          shift: tensor(2),
          mean: tensor(2),
          deviation: { dims: [2], data: [0.5, 2] },
          w: tensor(3, 2, 3, 3),
          half: scalar(0.5),
        },
        [
          { op: "AveragePool", inputs: ["x"], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
          { op: "Conv", inputs: ["v0", "w"], attributes: { pads: [1, 1, 1, 1] } },
          { op: "Mul", inputs: ["v1", "half"] },
          { op: "Transpose", inputs: ["v2"], attributes: { perm: [0, 2, 3, 1] } },
          { op: "Transpose", inputs: ["v3"], attributes: { perm: [0, 3, 1, 2] } },
        ],
      ),
    );
    // The two transposes cancel out: what is left of them arranges nothing.
    expect(kindsOf(after)).to.deep.equal(["Linear", "Arrange"]);
  });

  it("merges layers of sums only where that makes no more terms", () => {
    const wide = chain([1, 8], { w: tensor(8, 2), v: tensor(2, 8) }, [
      { op: "MatMul", inputs: ["x", "w"] },
      { op: "MatMul", inputs: ["v0", "v"] },
    ]);
    expect(kindsOf(simplified(wide).after)).to.deep.equal(["Linear", "Linear"]);
    const narrow = chain([1, 8], { w: tensor(8, 8), v: tensor(8, 2) }, [
      { op: "MatMul", inputs: ["x", "w"] },
      { op: "MatMul", inputs: ["v0", "v"] },
    ]);
    expect(kindsOf(simplified(narrow).after)).to.deep.equal(["Linear"]);
  });

  it("keeps sums whose weights are all zero", () => {
    const spec = chain([1, 4], { w: tensor(4, 4), zero: { dims: [4, 2], data: Array<number>(8).fill(0) } }, [
      { op: "MatMul", inputs: ["x", "w"] },
      { op: "MatMul", inputs: ["v0", "zero"] },
      { op: "Add", inputs: ["v1", "b"] },
    ]);
    const { after } = simplified({ ...spec, constants: { ...spec.constants, b: tensor(2) } });
    expect(kindsOf(after)).to.deep.equal(["Linear"]);
    const program = quantise(readOnnx(buildModel({ ...spec, constants: { ...spec.constants, b: tensor(2) } })), {
      inputRange: [-1, 1],
    }).graph;
    expect(
      new Set(
        evaluate(program, [[1n, 2n, 3n, 4n]])
          .concat(evaluate(program, [[0n, 0n, 0n, 0n]]))
          .map(String),
      ).size,
    ).to.equal(1);
  });

  it("makes one function of a sigmoid, a swish and a gelu that are written out", () => {
    const constants = { one: scalar(1), half: scalar(0.5), root: scalar(Math.SQRT2) };
    const sigmoid = chain([1, 5], constants, [
      { op: "Neg", inputs: ["x"] },
      { op: "Exp", inputs: ["v0"] },
      { op: "Add", inputs: ["v1", "one"] },
      { op: "Div", inputs: ["one", "v2"] },
    ]);
    const swish = chain([1, 5], constants, [
      { op: "Sigmoid", inputs: ["x"] },
      { op: "Mul", inputs: ["x", "v0"] },
    ]);
    const gelu = chain([1, 5], constants, [
      { op: "Div", inputs: ["x", "root"] },
      { op: "Erf", inputs: ["v0"] },
      { op: "Add", inputs: ["v1", "one"] },
      { op: "Mul", inputs: ["x", "v2"] },
      { op: "Mul", inputs: ["v3", "half"] },
    ]);
    for (const spec of [sigmoid, swish, gelu]) expect(kindsOf(simplified(spec).after)).to.deep.equal(["Apply"]);
  });

  it("leaves products, roots and functions that jump to kernels of their own", () => {
    const spec = chain([1, 5], { one: scalar(1), third: scalar(0.3) }, [
      { op: "Mul", inputs: ["x", "x"] },
      { op: "Add", inputs: ["v0", "one"] },
      { op: "Sqrt", inputs: ["v1"] },
      { op: "Mul", inputs: ["v2", "third"] },
      { op: "Floor", inputs: ["v3"] },
    ]);
    expect(kindsOf(simplified(spec).after)).to.deep.equal(["Multiply", "Scale", "Apply", "Scale", "Apply"]);
  });
});
