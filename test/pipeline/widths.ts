import { expect } from "chai";
import { InputError } from "../../src/errors.ts";
import { adviseDomain } from "../../src/model/adviseDomain.ts";
import { emitModel } from "../../src/model/compileModel.ts";
import { networkSvg } from "../../src/model/networkSvg.ts";
import { reportModel } from "../../src/model/reportModel.ts";
import { searchWidths } from "../../src/model/searchWidths.ts";
import { readOnnx } from "../../src/onnx/readOnnx.ts";
import { type QuantiseOptions, quantise } from "../../src/passes/quantise.ts";
import { type ModelSpec, buildModel } from "../fixtures/onnx/buildModel.ts";
import { seededNumbers } from "../fixtures/onnx/seededNumbers.ts";

const numbers = seededNumbers(5);

const mlp: ModelSpec = {
  inputs: [{ name: "x", shape: [1, 12] }],
  outputs: [{ name: "y" }],
  nodes: [
    { op: "Gemm", name: "first", inputs: ["x", "W", "b"], outputs: ["h"] },
    { op: "Relu", name: "relu", inputs: ["h"], outputs: ["a"] },
    { op: "Gemm", name: "second", inputs: ["a", "V"], outputs: ["y"] },
  ],
  constants: {
    W: { dims: [12, 16], data: numbers(192) },
    b: { dims: [16], data: numbers(16) },
    V: { dims: [16, 3], data: numbers(48) },
  },
};

describe("widths", () => {
  const graph = readOnnx(buildModel(mlp));
  const samples = Array.from({ length: 32 }, () => [numbers(12)]);
  const settings: QuantiseOptions = { inputRange: [-1, 1], samples };
  const totalAt = (options: QuantiseOptions) =>
    emitModel(quantise(graph, { ...settings, ...options }).graph).emitted.cost;

  it("start at 8 bits and stay there where that is faithful", () => {
    const { widths, notes } = quantise(graph, settings);
    expect(widths).to.deep.equal({ weightBits: 8, activationBits: 8, inputBits: 8 });
    expect(notes.join()).not.to.match(/not faithful/);
  });

  it("of a layer are its own", () => {
    const all = totalAt({ weightBits: 8 }).total;
    expect(totalAt({ weightBits: 8, layers: { first: { weightBits: 5 } } }).total).to.satisfy((n: number) => n < all);
    expect(() => totalAt({ layers: { third: { weightBits: 5 } } })).to.throw(InputError, /no node of that name/);
    expect(() => totalAt({ layers: { first: { weightBits: 1 } } })).to.throw(InputError, /want 2 to 16/);
  });

  it("are searched down to the cheapest that keep an accuracy, and the search says what it cannot reach", () => {
    const search = { samples, quantise: (widths: QuantiseOptions) => quantise(graph, { ...settings, ...widths }) };
    const looked: number[] = [];
    const found = searchWidths({ ...search, accuracy: 97, onCandidate: ({ accuracy }) => looked.push(accuracy) });
    expect(found.accuracy).to.satisfy((accuracy: number) => accuracy >= 97);
    expect(found.emitted.emitted.cost.total).to.satisfy((total: number) => total < totalAt({}).total);
    expect(looked.length).to.satisfy((count: number) => count > 3);
    expect(() => searchWidths({ ...search, accuracy: 100, onCandidate: () => {} })).to.throw(
      InputError,
      /^--accuracy 100: cannot be met; the best is 99\.\d+ % at 16 bits, \d+ constraints$/,
    );
  });

  it("are proposed where fewer bits reach the next smaller domain", () => {
    const { widths } = quantise(graph, settings);
    const { domainPower } = totalAt({});
    const advice = adviseDomain(widths, domainPower, (chosen) => quantise(graph, { ...settings, ...chosen }).graph);
    expect(advice?.domainPower).to.equal(domainPower - 1);
    expect(totalAt({ ...advice!.widths }).total).to.equal(advice!.total);
  });

  it("stand in the report beside errors and constraints, and in its drawing", () => {
    const quantised = quantise(graph, settings);
    const { emitted } = emitModel(quantised.graph);
    const report = reportModel(graph, quantised, emitted, samples);
    expect(report.layers.map(({ kernel }) => kernel)).to.deep.equal(["input", "Linear", "Requantise", "Linear"]);
    const rows = report.layers.slice(1);
    expect(rows.every(({ error }) => error !== null && error.max < 0.02 && error.mean <= error.max)).to.equal(true);
    expect(rows.map(({ shape }) => shape)).to.deep.equal([
      [1, 16],
      [1, 16],
      [1, 3],
    ]);
    const costs = new Map(emitted.byKernel.map(({ name, total }) => [name, total]));
    for (const { name, constraints } of rows) expect(constraints).to.equal(costs.get(name));
    const svg = networkSvg(report, 'a "model" <b>');
    expect(svg.match(/<rect /g)).to.have.length(report.layers.length);
    expect(svg.match(/<line /g)).to.have.length(3);
    expect(svg).not.to.include("<b>");
  });

  it("give features of very different size steps of their own", () => {
    const rows = [[[4000, 0.004, ...Array<number>(10).fill(1)]]];
    const { inputs } = quantise(graph, { rows, samples: rows }).graph;
    const [wide, narrow] = [inputs[0].exponents![0], inputs[0].exponents![1]];
    expect(narrow - wide).to.equal(19);
    expect(inputs[0].range.features![1]).to.deep.equal([-0.008, 0.008]);
  });
});
