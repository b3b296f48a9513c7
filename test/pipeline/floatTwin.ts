import { expect } from "chai";
import { InputError } from "../../src/errors.ts";
import { compareWithFloat } from "../../src/float/compareWithFloat.ts";
import { floatTwin } from "../../src/float/floatTwin.ts";
import { seededSamples } from "../../src/passes/seededSamples.ts";
import type { IntegerGraph } from "../../src/ir/integerGraph.ts";
import { readOnnx } from "../../src/onnx/readOnnx.ts";
import { quantise } from "../../src/passes/quantise.ts";
import { INT64, type ModelSpec, buildModel } from "../fixtures/onnx/buildModel.ts";

/** y = x · W and the index of its greatest element. */
const spec: ModelSpec = {
  inputs: [{ name: "x", shape: [1, 2] }],
  outputs: [{ name: "y" }, { name: "label", dataType: INT64 }],
  nodes: [
    { op: "MatMul", inputs: ["x", "W"], outputs: ["y"] },
    { op: "ArgMax", inputs: ["y"], outputs: ["label"], attributes: { axis: 1, keepdims: 0 } },
  ],
  constants: { W: { dims: [2, 2], data: [1, -1, 0.5, 2] } },
};

const inputs = { x: { range: [-8, 7], step: 1 } } as const;
const samples = [[[3, -2]], [[-5, 6]]];

async function load(model: ModelSpec) {
  const bytes = buildModel(model);
  const graph = readOnnx(bytes);
  const twin = await floatTwin(bytes, graph);
  return { twin: twin!, program: quantise(graph, { inputs }).graph };
}

describe("floatTwin", () => {
  it("runs the model in floating point", async () => {
    const { twin } = await load(spec);
    expect(await twin.run([[3, -2]])).to.deep.equal([
      { name: "y", values: [2, -7] },
      { name: "label", values: [0] },
    ]);
  });

  it("feeds integer inputs", async () => {
    const { twin } = await load({
      inputs: [{ name: "x", shape: [2], dataType: INT64 }],
      outputs: [{ name: "y" }],
      nodes: [{ op: "Cast", inputs: ["x"], outputs: ["y"], attributes: { to: 1 } }],
    });
    expect(await twin.run([[3, -2]])).to.deep.equal([{ name: "y", values: [3, -2] }]);
  });

  it("refuses what onnxruntime fails on, in one line", async () => {
    const { twin } = await load(spec);
    const bytes = buildModel(spec);
    const misfit = await floatTwin(bytes, { inputs: [{ name: "x", type: "float", shape: [2, 1] }] });
    const refusal = await misfit!.run([[3, -2]]).catch((error: unknown) => error);
    await Promise.all([twin.release(), misfit!.release()]);
    expect(refusal)
      .to.be.instanceOf(InputError)
      .with.property("message")
      .that.matches(/^float model: onnxruntime fails: [^\n]+$/);
  });

  it("refuses what onnxruntime cannot load", async () => {
    const refusal = await floatTwin(new Uint8Array([1, 2, 3]), { inputs: [] }).catch((error: unknown) => error);
    expect(refusal)
      .to.be.instanceOf(InputError)
      .with.property("message")
      .that.matches(/^float model: onnxruntime refuses it/);
  });
});

describe("compareWithFloat", () => {
  const values = { ...spec, outputs: [spec.outputs[0]], nodes: [spec.nodes[0]] };

  /** The program with its first layer's weights replaced: what a wrong quantiser would make. */
  const spoilt = (program: IntegerGraph, weights: number[][]): IntegerGraph => ({
    ...program,
    kernels: program.kernels.map((node) => (node.kernel === "Linear" ? { ...node, weights } : node)),
  });

  it("accepts a faithful program", async () => {
    const { twin, program } = await load(spec);
    const { maxAbsError, maxRelError, argmaxAgrees, problem } = await compareWithFloat(program, twin, samples);
    expect(problem).to.equal(undefined);
    expect(argmaxAgrees).to.equal(true);
    expect(maxAbsError).to.satisfy((error: number) => error < 0.1);
    expect(maxRelError).to.satisfy((error: number) => error < 0.01);
  });

  it("refuses a program whose labels differ, and says so", async () => {
    const { twin, program } = await load(spec);
    const comparison = await compareWithFloat(
      spoilt(program, [
        [-1, 2],
        [1, 0],
      ]),
      twin,
      samples,
    );
    expect(comparison.argmaxAgrees).to.equal(false);
    expect(comparison.problem).to.match(/label/);
  });

  it("refuses errors beyond 2 % of the range where there is no label, unless the output is named as a classifier", async () => {
    const { twin, program } = await load(values);
    const scaled = spoilt(program, [
      [60, 30],
      [-60, 120],
    ]);
    expect((await compareWithFloat(program, twin, samples)).problem).to.equal(undefined);
    const { maxAbsError, maxRelError, problem } = await compareWithFloat(scaled, twin, samples);
    expect(problem).to.match(/% of the output's range/);
    // y lies between −7.5 − 0.5·8 and 8 + 2·7: the error is counted against what the inputs tried show of that.
    expect(maxRelError! / maxAbsError!).to.satisfy((ratio: number) => ratio >= 1 / 45 && ratio <= 1 / 20);
    expect((await compareWithFloat(scaled, twin, samples, [0])).problem).to.equal(undefined);
  });

  it("never counts a constant output", async () => {
    const { twin, program } = await load(spec);
    const constant = spoilt(program, [
      [0, 0],
      [0, 0],
    ]);
    const agreeing = samples.slice(0, 1);
    const comparison = await compareWithFloat(constant, twin, agreeing);
    expect(comparison.argmaxAgrees).to.equal(true);
    expect(comparison.problem).to.match(/label: is the same for every input/);
  });

  it("never counts a constant output beside one that changes", async () => {
    const { twin, program } = await load({
      ...values,
      outputs: [{ name: "y" }, { name: "c" }],
      nodes: [
        ...values.nodes,
        { op: "Mul", inputs: ["x", "nothing"], outputs: ["zero"] },
        { op: "Add", inputs: ["zero", "tenth"], outputs: ["c"] },
      ],
      constants: {
        ...values.constants,
        nothing: { dims: [], data: [0] },
        tenth: { dims: [], data: [0.1] },
      },
    });
    const comparison = await compareWithFloat(program, twin, samples);
    expect(comparison.problem).to.equal("output c: is the same for every input that was tried");
  });

  it("compares nothing without the float model", async () => {
    const { program } = await load(spec);
    const comparison = await compareWithFloat(program, null, samples);
    expect(comparison).to.include({ maxAbsError: null, maxRelError: null, argmaxAgrees: null });
    expect(comparison.problem).to.match(/onnxruntime-web is not installed/);
  });

  it("refuses an output that is not finite, however small the difference", async () => {
    const { twin, program } = await load({
      ...values,
      constants: { W: { dims: [2, 2], data: [3e38, 1, 1, 1] } },
    });
    const comparison = await compareWithFloat(program, twin, samples);
    expect(comparison).to.deep.equal({
      maxAbsError: null,
      maxRelError: null,
      argmaxAgrees: null,
      problem: "the float model's output is not finite",
    });
  });

  it("says of a classifier without anything to choose from that its label is not the float model's", async () => {
    const { twin, program } = await load({ ...values, constants: { W: { dims: [2, 1], data: [1, 0.5] } } });
    expect((await compareWithFloat(program, twin, samples)).problem).to.equal(undefined);
    expect((await compareWithFloat(program, twin, samples, [0])).problem).to.match(/label/);
  });

  it("draws the same inputs every time, within their ranges", async () => {
    const { program } = await load(spec);
    const drawn = seededSamples(program.inputs, 64);
    expect(drawn).to.deep.equal(seededSamples(program.inputs, 64));
    const elements = drawn.flat(2);
    expect(elements.every((value) => Number.isInteger(value) && value >= -8 && value <= 7)).to.equal(true);
    expect(new Set(drawn.map(String)).size).to.be.greaterThan(20);
  });
});
