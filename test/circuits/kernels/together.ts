import { expect } from "chai";
import fc from "fast-check";
import { circuitInputs, emitCircuit } from "../../../src/circom/emitCircuit.ts";
import { packWords } from "../../../src/codec/codec.ts";
import { commitInput } from "../../../src/codec/commitment.ts";
import { outputCommitmentOf } from "../../../src/codec/statement.ts";
import { evaluate } from "../../../src/kernels/interpret.ts";
import { broken, compileText } from "../../fixtures/circuits/circuitUnderTest.ts";
import { sampled } from "../../fixtures/circuits/kernelProperties.ts";
import { drawMixedGraph } from "../../fixtures/circuits/mixedGraph.ts";

const [SALT, CONTEXT] = [3n, 5n];

describe("programs of all kernels", () => {
  it("are the same in circuit and reference, for the predicted constraints", () =>
    sampled(12, async (draw) => {
      const graph = drawMixedGraph(draw);
      const { source, template, cost } = emitCircuit(graph, "00");
      const circuit = await compileText(template, source);
      expect(circuit.counts).to.deep.equal(cost);
      const [size] = graph.inputs[0].shape;
      const elements = fc.array(fc.bigInt({ min: -16n, max: 15n }), { minLength: size, maxLength: size });
      const constants = [-16n, 0n, 15n].map((value) => Array<bigint>(size).fill(value));
      for (const values of [...constants, draw(elements), draw(elements), draw(elements)]) {
        const witness = await circuit.witness(circuitInputs([values], SALT, CONTEXT));
        expect(broken(circuit.constraints, witness)).to.deep.equal([]);
        const words = packWords(graph.outputs, evaluate(graph, [values]));
        const statement = [commitInput(graph.inputs, [values], SALT), outputCommitmentOf(words, CONTEXT), CONTEXT];
        expect(witness.slice(1, 4)).to.deep.equal(statement);
      }
    }));
});
