import { expect } from "chai";
import fc from "fast-check";
import { elementCount, packWords } from "../../src/codec/codec.ts";
import { commitInput } from "../../src/codec/commitment.ts";
import { outputCommitmentOf } from "../../src/codec/statement.ts";
import { circuitInputs, emitCircuit } from "../../src/circom/emitCircuit.ts";
import { InputError } from "../../src/errors.ts";
import { compareWithFloat } from "../../src/float/compareWithFloat.ts";
import { floatTwin } from "../../src/float/floatTwin.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { encodeInputs } from "../../src/ir/encodeInputs.ts";
import type { IntegerGraph } from "../../src/ir/integerGraph.ts";
import { evaluate } from "../../src/kernels/interpret.ts";
import { readOnnx } from "../../src/onnx/readOnnx.ts";
import type { Sample } from "../../src/passes/evaluateReal.ts";
import { quantise } from "../../src/passes/quantise.ts";
import { broken, compileText } from "../fixtures/circuits/circuitUnderTest.ts";
import { buildModel } from "../fixtures/onnx/buildModel.ts";
import { drawModel } from "../fixtures/onnx/randomModel.ts";
import { seededNumbers } from "../fixtures/onnx/seededNumbers.ts";

/** Models whose circuit is compiled, and models of which only the program is compared with onnxruntime. */
const CIRCUITS = 8;
const PROGRAMS = 80;
const SAMPLES = 4;
/** An error that is none, however little an output changes. */
const NEGLIGIBLE = 1e-3;
const SALT = 5n;
const CONTEXT = 11n;

/** Inputs within −2 and 2. */
const samplesFor = ({ inputs }: Graph): Sample[] =>
  Array.from({ length: SAMPLES }, (_, index) =>
    inputs.map(({ shape }) => seededNumbers(index + 1)(elementCount(shape)).map((value) => Math.fround(2 * value))),
  );

/** A drawn model as a graph and as an integer program, or none where it is refused as a user's would be. */
function drawProgram(gen: fc.GeneratorValue) {
  const model = drawModel((arbitrary) => gen(() => arbitrary));
  const bytes = buildModel(model);
  try {
    const graph = readOnnx(bytes);
    const samples = samplesFor(graph);
    const { graph: program } = quantise(graph, { name: "drawn", inputRange: [-2, 2], samples });
    return { title: model.operators.join(", "), bytes, graph, samples, program };
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw new Error(`${model.operators.join(", ")} fails`, { cause: error });
  }
}

/** The circuit takes every sample, breaks no constraint and commits to what codec and reference say. */
async function compareCircuit(program: IntegerGraph, samples: readonly Sample[], title: string): Promise<void> {
  const { source, template, cost } = emitCircuit(program, "00");
  const circuit = await compileText(template, source);
  expect(cost, title).to.deep.equal(circuit.counts);
  for (const sample of samples) {
    const inputs = encodeInputs(program, sample);
    const witness = await circuit.witness(circuitInputs(inputs, SALT, CONTEXT));
    expect(broken(circuit.constraints, witness), title).to.deep.equal([]);
    const words = packWords(program.outputs, evaluate(program, inputs));
    const statement = [commitInput(program.inputs, inputs, SALT), outputCommitmentOf(words, CONTEXT), CONTEXT];
    expect(witness.slice(1, 4), title).to.deep.equal(statement);
  }
}

describe("random models, from ONNX to witness", () => {
  it("are circuits that compute what the reference computes (Z4)", async function () {
    this.timeout(120_000);
    let compiled = 0;
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (gen) => {
        const drawn = drawProgram(gen);
        if (drawn === undefined) return;
        await compareCircuit(drawn.program, drawn.samples, drawn.title);
        compiled++;
      }),
      { seed: 31, numRuns: CIRCUITS, endOnFailure: true },
    );
    expect(compiled).to.be.at.least(CIRCUITS / 2);
  });

  it("are programs within 2 % of onnxruntime's results, or refused (Z4)", async function () {
    this.timeout(120_000);
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (gen) => {
        const drawn = drawProgram(gen);
        if (drawn === undefined) return;
        const { bytes, graph, samples, program, title } = drawn;
        const twin = (await floatTwin(bytes, graph))!;
        try {
          const { problem, maxAbsError } = await compareWithFloat(program, twin, samples);
          // Many chains end in a number that no input changes, or hardly: a sum of probabilities.
          if (problem?.includes("is the same for every input") || (maxAbsError ?? 1) < NEGLIGIBLE) return;
          expect(problem, title).to.equal(undefined);
          compared++;
        } finally {
          await twin.release();
        }
      }),
      { seed: 32, numRuns: PROGRAMS, endOnFailure: true },
    );
    expect(compared).to.be.at.least(PROGRAMS / 2);
  });
});
