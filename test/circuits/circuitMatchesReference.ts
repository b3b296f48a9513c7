import { expect } from "chai";
import fc from "fast-check";
import { outputCommitmentOf } from "../../src/codec/statement.ts";
import { circuitInputs, emitCircuit } from "../../src/circom/emitCircuit.ts";
import { elementCount, highest, lowest, packWords } from "../../src/codec/codec.ts";
import { commitInput } from "../../src/codec/commitment.ts";
import { SCALAR_ORDER } from "../../src/field.ts";
import type { IntegerGraph, KernelNode } from "../../src/ir/integerGraph.ts";
import { evaluate } from "../../src/kernels/interpret.ts";
import { type CircuitUnderTest, broken, compileText } from "../fixtures/circuits/circuitUnderTest.ts";
import { drawGraph } from "../fixtures/circuits/randomGraph.ts";

const FIELD_ELEMENT = fc.bigInt({ min: 0n, max: SCALAR_ORDER - 1n });
const CONTEXT = fc.bigInt({ min: 0n, max: (1n << 253n) - 1n });

/** All elements least, all greatest, and three draws in between. */
function drawInputs(draw: <Value>(arbitrary: fc.Arbitrary<Value>) => Value, { inputs }: IntegerGraph): bigint[][][] {
  const fill = (pick: (tensor: IntegerGraph["inputs"][number]) => bigint): bigint[][] =>
    inputs.map((tensor) => Array.from({ length: elementCount(tensor.shape) }, () => pick(tensor)));
  const random = (): bigint[][] => fill((tensor) => draw(fc.bigInt({ min: lowest(tensor), max: highest(tensor) })));
  return [fill(lowest), fill(highest), random(), random(), random()];
}

/** The circuit accepts the honest witness and says what codec and interpreter say. */
async function compare(
  circuit: CircuitUnderTest,
  graph: IntegerGraph,
  inputs: bigint[][],
  salt: bigint,
  context: bigint,
): Promise<void> {
  const witness = await circuit.witness(circuitInputs(inputs, salt, context));
  expect(broken(circuit.constraints, witness)).to.deep.equal([]);
  const words = packWords(graph.outputs, evaluate(graph, inputs));
  const statement = [commitInput(graph.inputs, inputs, salt), outputCommitmentOf(words, context), context];
  expect(witness.slice(1, 4)).to.deep.equal(statement);
}

/** A program over one input `x` of `rows` rows whose outputs are all its kernels' values. */
function program(rows: number, size: number, bits: number, signed: boolean, kernels: KernelNode[]): IntegerGraph {
  return {
    format: "tollgate-graph-1",
    name: "exhaustive",
    source: { onnxSha256: "" },
    inputs: [{ name: "x", shape: [rows, size], bits, signed, scale: 1, range: { low: 0, high: 1, source: "option" } }],
    kernels,
    outputs: kernels.map(({ output }) => {
      const length = output.startsWith("label") ? rows : rows * size;
      return { name: output, from: output, role: "values", shape: [length], bits: 12, signed: true, scale: 1 };
    }),
  };
}

describe("circuit and reference", () => {
  it("agree on every rescaling of every number of an interval, whatever can saturate (Z4)", async () => {
    const rescalings = [
      { shifts: [0], bits: 4, signed: true },
      { shifts: [1], bits: 10, signed: true },
      { shifts: [3, 4], bits: 6, signed: false },
      { shifts: [5], bits: 1, signed: false },
      { shifts: [7], bits: 3, signed: true },
    ];
    // Intervals that reach further down, further up, only up and only down.
    const affine = [
      { factor: 3, bias: -100 },
      { factor: -3, bias: 100 },
      { factor: 3, bias: 192 },
      { factor: 3, bias: -200 },
    ];
    const windows = Array.from({ length: 128 }, (_, index) => [index]);
    const kernels = affine.flatMap(({ factor, bias }, index): KernelNode[] => {
      const acc = `acc${index}`;
      const sums = { inputs: ["x"], groups: 1, windows, weights: [[factor]], bias: [bias] };
      return [
        { kernel: "Linear", name: acc, output: acc, ...sums },
        ...rescalings.map((rescaling, at): KernelNode => {
          const output = `${acc}_${at}`;
          return { kernel: "Requantise", name: output, input: acc, output, ...rescaling };
        }),
      ];
    });
    const graph = program(128, 1, 7, true, kernels);
    const { source, template, cost } = emitCircuit(graph, "00");
    const circuit = await compileText(template, source);
    expect(cost).to.deep.equal(circuit.counts);
    await compare(circuit, graph, [Array.from({ length: 128 }, (_, index) => BigInt(index - 64))], 1n, 2n);
  });

  it("agree on the label of every triple of small numbers (Z4)", async () => {
    const shifted: KernelNode[] = [
      { kernel: "ArgMax", name: "label", input: "x", output: "label", batch: 64 },
      {
        kernel: "Linear",
        name: "apart",
        inputs: ["x"],
        output: "apart",
        groups: 192,
        windows: Array.from({ length: 192 }, (_, index) => [index]),
        weights: Array.from({ length: 64 }, () => [[1], [2], [-1]]).flat(),
        bias: Array.from({ length: 64 }, () => [0, -1, 4]).flat(),
      },
      // Two of three elements are one wire, or all three.
      ...[2, 3].flatMap((equal): KernelNode[] => {
        const indices = Array.from({ length: 192 }, (_, index) => (index % 3 < equal ? index - (index % 3) : index));
        const copied = `copied${equal}`;
        const label = `labelOf${equal}`;
        return [
          { kernel: "Arrange", name: copied, inputs: ["x"], output: copied, indices, constants: [] },
          { kernel: "ArgMax", name: label, input: copied, output: label, batch: 64 },
        ];
      }),
      { kernel: "ArgMax", name: "labelApart", input: "apart", output: "labelApart", batch: 64 },
    ];
    const graph = program(64, 3, 2, false, shifted);
    const { source, template, cost } = emitCircuit(graph, "00");
    const circuit = await compileText(template, source);
    expect(cost).to.deep.equal(circuit.counts);
    const triples = Array.from({ length: 64 }, (_, row) => [row >> 4, (row >> 2) & 3, row & 3]);
    await compare(circuit, graph, [triples.flat().map(BigInt)], 1n, 2n);
  });

  it("agree on the label where a copy of a losing element has a wider interval than the element", async () => {
    const leaf = (value: number) => ({ add: [value] });
    const trees = [{ feature: 0, threshold: 0, yes: leaf(0), no: leaf(1) }];
    const arrange = (name: string, inputs: string[], indices: number[], constants: number[] = []): KernelNode => ({
      kernel: "Arrange",
      name,
      output: name,
      inputs,
      indices,
      constants,
    });
    const graph: IntegerGraph = {
      ...program(1, 1, 1, false, [
        arrange("c", ["x"], [1, 2], [0, 1]),
        arrange("rows", ["c", "x"], [0, 2]),
        { kernel: "TreeEnsemble", name: "t", output: "t", input: "rows", batch: 2, base: [0], trees },
        arrange("candidates", ["c", "t"], [0, 2, 2, 1]),
        { kernel: "ArgMax", name: "label", output: "label", input: "candidates", batch: 1 },
      ]),
      outputs: [{ name: "label", from: "label", role: "label", shape: [1], bits: 3, signed: false, scale: 1 }],
    };
    // Two of the candidates are constants, which the prediction of the label's cost does not look at.
    const { source, template } = emitCircuit(graph, "00");
    const circuit = await compileText(template, source);
    for (const x of [0n, 1n]) {
      expect(evaluate(graph, [[x]])).to.deep.equal([[3n]]);
      await compare(circuit, graph, [[x]], 1n, 5n);
    }
  });

  it("agree on random programs and inputs, and the prediction equals the compiler's counts (Z3, Z4)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (gen) => {
        const draw = <Value>(arbitrary: fc.Arbitrary<Value>): Value => gen(() => arbitrary);
        const graph = drawGraph(draw);
        const { source, template, cost } = emitCircuit(graph, "00");
        const circuit = await compileText(template, source);
        expect(cost).to.deep.equal(circuit.counts);
        for (const inputs of drawInputs(draw, graph)) {
          await compare(circuit, graph, inputs, draw(FIELD_ELEMENT), draw(CONTEXT));
        }
      }),
      { seed: 2026, numRuns: 24, endOnFailure: true },
    );
  });
});
