import { expect } from "chai";
import { emitCircuit } from "../../src/circom/emitCircuit.ts";
import { InputError } from "../../src/errors.ts";
import type { IntegerGraph, KernelNode } from "../../src/ir/integerGraph.ts";
import { evaluate } from "../../src/kernels/interpret.ts";
import { compileText } from "../fixtures/circuits/circuitUnderTest.ts";

/** A reproducible integer in [low, high], by a linear congruential generator. */
function integers(seed: number): (low: number, high: number) => number {
  let state = seed;
  return (low, high) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return low + Math.floor((state / 0x80000000) * (high - low + 1));
  };
}

/** 64 pixels of 5 bits, 32 activations of 8 bits, 10 logits and their label: the shape of the digits model. */
function digitsLike(): IntegerGraph {
  const next = integers(1);
  const layer = (outputs: number, inputs: number) => ({
    groups: 1,
    windows: [Array.from({ length: inputs }, (_, index) => index)],
    weights: Array.from({ length: outputs }, () => Array.from({ length: inputs }, () => next(-127, 127))),
    bias: Array.from({ length: outputs }, () => next(-1000, 1000)),
  });
  return oneInput([64], 5, [
    { kernel: "Linear", name: "first", inputs: ["x"], output: "a", ...layer(32, 64) },
    { kernel: "Requantise", name: "relu", input: "a", output: "b", shifts: [7], bits: 8, signed: false },
    { kernel: "Linear", name: "second", inputs: ["b"], output: "logits", ...layer(10, 32) },
    { kernel: "ArgMax", name: "argmax", input: "logits", output: "label", batch: 1 },
  ]);
}

/** A graph with one input `x` of which the last one or two values are the outputs `logits` and `label`. */
function oneInput(shape: number[], bits: number, kernels: KernelNode[], logitBits = 22): IntegerGraph {
  return {
    format: "tollgate-graph-1",
    name: "test",
    source: { onnxSha256: "" },
    inputs: [{ name: "x", shape, bits, signed: false, scale: 1, range: { low: 0, high: 1, source: "option" } }],
    kernels,
    outputs: [
      { name: "label", from: "label", role: "label", shape: [1], bits: 4, signed: false, scale: 1 },
      { name: "logits", from: "logits", role: "values", shape: [10], bits: logitBits, signed: true, scale: 1 },
    ],
  };
}

describe("emitCircuit", () => {
  it("proves a 64-32-10 perceptron with its salted commitment in at most 2,000 constraints", async () => {
    const { source, template, cost, byKernel } = emitCircuit(digitsLike(), "00");
    expect(cost.total).to.be.at.most(2000);
    expect((await compileText(template, source)).counts).to.deep.equal(cost);
    expect(byKernel.reduce((sum, { total }) => sum + total, 0)).to.equal(cost.total);
  });

  it("leaves a convolution's sums a tenth of a row each, copies none, and the label of ten 210 constraints", () => {
    const next = integers(2);
    const windows = Array.from({ length: 36 }, (_, w) =>
      Array.from({ length: 9 }, (_, k) => 8 * (Math.floor(w / 6) + Math.floor(k / 3)) + (w % 6) + (k % 3)),
    );
    const filters = (rows: number, taps: number) => ({
      weights: Array.from({ length: rows }, () => Array.from({ length: taps }, () => next(-127, 127))),
      bias: Array.from({ length: rows }, () => next(-1000, 1000)),
    });
    const order = Array.from({ length: 144 }, (_, index) => 143 - index);
    const { byKernel } = emitCircuit(
      oneInput(
        [64],
        8,
        [
          { kernel: "Linear", name: "conv", inputs: ["x"], output: "a", groups: 1, windows, ...filters(4, 9) },
          { kernel: "Requantise", name: "relu", input: "a", output: "b", shifts: [8, 9, 8, 9], bits: 8, signed: false },
          { kernel: "Arrange", name: "turn", inputs: ["b"], output: "c", indices: order, constants: [] },
          {
            kernel: "Linear",
            name: "dense",
            inputs: ["c"],
            output: "logits",
            groups: 1,
            windows: [order],
            ...filters(10, 144),
          },
          { kernel: "ArgMax", name: "argmax", input: "logits", output: "label", batch: 1 },
        ],
        24,
      ),
      "00",
    );
    const costOf = (name: string) => byKernel.find((entry) => entry.name === name)!;
    expect(costOf("conv").linear).to.be.at.most(144 / 10);
    expect(costOf("turn").total).to.equal(0);
    expect(costOf("dense").total).to.equal(10);
    expect(costOf("argmax").total).to.be.at.most(210);
  });

  it("lets no text of a model reach the circuit", () => {
    const hostile = 'x"; signal output stolen; // \n */ component main = Evil();';
    const graph = digitsLike();
    const renamed = JSON.parse(JSON.stringify(graph).replaceAll('"x"', JSON.stringify(hostile)));
    const { source, template } = emitCircuit({ ...renamed, name: hostile }, `ab\n${hostile}`);
    expect(template).to.match(/^[A-Z][A-Za-z0-9]*$/);
    expect(source.match(/component main/g)).to.have.lengthOf(1);
    expect(source).to.not.match(/output stolen|= Evil|\*\//);
  });

  it("keeps a model's template apart from the library's", () => {
    expect(emitCircuit({ ...digitsLike(), name: "linear" }, "00").template).to.equal("ModelLinear");
    expect(emitCircuit({ ...digitsLike(), name: "28x28" }, "00").template).to.equal("Model28x28");
  });

  it("names the kernel whose values could wrap around the field (Z3)", () => {
    const huge: KernelNode[] = Array.from({ length: 5 }, (_, index) => ({
      kernel: "Linear",
      name: `layer${index}`,
      inputs: [index === 0 ? "x" : `v${index - 1}`],
      output: `v${index}`,
      groups: 1,
      windows: [[0]],
      weights: [[Number.MAX_SAFE_INTEGER]],
      bias: [0],
    }));
    expect(() => emitCircuit(oneInput([1], 5, huge), "00")).to.throw(InputError, "kernel layer4 (Linear)");
  });

  it("refuses an output that is narrower than its values", () => {
    const graph = digitsLike();
    const outputs = graph.outputs.map((output) => ({ ...output, bits: 4 }));
    expect(() => emitCircuit({ ...graph, outputs }, "00")).to.throw(InputError, "output logits[0]: spans");
  });

  it("refuses programs that do not hang together", () => {
    const graph = digitsLike();
    const changed = (index: number, change: object): IntegerGraph => ({
      ...graph,
      kernels: graph.kernels.map((node, at) => (at === index ? ({ ...node, ...change } as KernelNode) : node)),
    });
    expect(() => emitCircuit(changed(0, { inputs: ["nothing"] }), "00")).to.throw(
      InputError,
      "value nothing does not exist",
    );
    expect(() => emitCircuit(changed(1, { output: "a" }), "00")).to.throw(InputError, "defined twice");
    expect(() => emitCircuit(changed(0, { bias: [1] }), "00")).to.throw(InputError, "one bias a filter");
    expect(() => emitCircuit(changed(3, { kernel: "Sine" }), "00")).to.throw(InputError, "got kind Sine");
    expect(() => emitCircuit(changed(1, { output: "x" }), "00")).to.throw(InputError, "defined twice");
    // The circuit's own names of values mean nothing in a program.
    expect(() => emitCircuit(changed(0, { inputs: ["input0"] }), "00")).to.throw(InputError, "input0 does not exist");
    expect(() => emitCircuit(changed(1, { input: "value0_a" }), "00")).to.throw(InputError, "does not exist");
    const outputs = graph.outputs.map((output) => ({ ...output, from: "input0" }));
    expect(() => emitCircuit({ ...graph, outputs }, "00")).to.throw(InputError, "input0 does not exist");
    expect(() => evaluate(graph, [[1n]])).to.throw(InputError, "input x: got 1 elements, want 64");
    expect(() => evaluate(graph, [Array<bigint>(64).fill(32n)])).to.throw(
      InputError,
      "32 is out of range, want 0 to 31",
    );
  });

  it("refuses sizes and attributes that interpreter and circuit would read differently", () => {
    const graph = digitsLike();
    const linear = graph.kernels[0] as Extract<KernelNode, { kernel: "Linear" }>;
    const weighing = (weight: unknown) => ({
      weights: [[weight, ...linear.weights[0].slice(1)], ...linear.weights.slice(1)],
    });
    for (const [index, change, message] of [
      [1, { shifts: [-1] }, "shift -1: want an integer from 0"],
      [1, { shifts: [1.5] }, "shift 1.5"],
      [1, { shifts: [1, 2, 3] }, "got 3 shifts for 32 elements"],
      [1, { bits: 0 }, "bits 0: want an integer from 1"],
      [0, weighing(2 ** 60), "weight 1152921504606847000: want an integer below 2^53"],
      [0, weighing(1.5), "weight 1.5"],
      [0, weighing("0x10"), "weight 0x10"],
      [0, weighing(NaN), "weight NaN"],
      [0, { bias: linear.bias.map(() => 2 ** 60) }, "bias 1152921504606847000"],
      [0, { groups: 0 }, "groups 0"],
      [0, { groups: 2 }, "want equal groups"],
      [0, { weights: [], bias: [] }, "number of filters 0"],
      [0, { windows: [linear.windows[0].with(3, -2)] }, "window element -2"],
      [0, { windows: [linear.windows[0].with(3, 64)] }, "window element 64 is out of range, want -1 to 63"],
      [0, { windows: [linear.windows[0].slice(1)] }, "one weight a tap"],
      [3, { batch: 0 }, "batch 0"],
    ] as [number, object, string][]) {
      const kernels = graph.kernels.map((node, at) => (at === index ? ({ ...node, ...change } as KernelNode) : node));
      expect(() => emitCircuit({ ...graph, kernels }, "00")).to.throw(InputError, message);
    }
    for (const shape of [[0], [-64], [64, 1.5]]) {
      const inputs = graph.inputs.map((tensor) => ({ ...tensor, shape }));
      expect(() => emitCircuit({ ...graph, inputs }, "00")).to.throw(InputError, "tensor x: size");
    }
  });
});
