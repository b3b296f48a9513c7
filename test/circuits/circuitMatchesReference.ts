import { expect } from "chai";
import fc from "fast-check";
import { outputCommitmentOf } from "../../src/chain/statement.ts";
import { circuitInputs, emitCircuit } from "../../src/circom/emitCircuit.ts";
import { elementCount, highest, lowest, packWords } from "../../src/codec/codec.ts";
import { commitInput } from "../../src/codec/commitment.ts";
import { SCALAR_ORDER } from "../../src/field.ts";
import type { IntegerGraph } from "../../src/ir/integerGraph.ts";
import { evaluate } from "../../src/kernels/interpret.ts";
import { broken, compileText } from "../fixtures/circuits/circuitUnderTest.ts";
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

describe("circuit and reference", () => {
  it("agree on random programs and inputs, and the prediction equals the compiler's counts", async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (gen) => {
        const draw = <Value>(arbitrary: fc.Arbitrary<Value>): Value => gen(() => arbitrary);
        const graph = drawGraph(draw);
        const { source, template, cost } = emitCircuit(graph, "00");
        const circuit = await compileText(template, source);
        expect(cost).to.deep.equal(circuit.counts);
        for (const inputs of drawInputs(draw, graph)) {
          const [salt, context] = [draw(FIELD_ELEMENT), draw(CONTEXT)];
          const witness = await circuit.witness(circuitInputs(inputs, salt, context));
          expect(broken(circuit.constraints, witness)).to.deep.equal([]);
          const words = packWords(graph.outputs, evaluate(graph, inputs));
          const statement = [commitInput(graph.inputs, inputs, salt), outputCommitmentOf(words, context), context];
          expect(witness.slice(1, 4)).to.deep.equal(statement);
        }
      }),
      { seed: 2026, numRuns: 40, endOnFailure: true },
    );
  });
});
