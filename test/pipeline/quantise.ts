import { readFileSync } from "node:fs";
import { expect } from "chai";
import { unpackWords, packWords } from "../../src/codec/codec.ts";
import { InputError } from "../../src/errors.ts";
import { compareWithFloat } from "../../src/float/compareWithFloat.ts";
import { floatTwin } from "../../src/float/floatTwin.ts";
import { decodeOutputs } from "../../src/ir/decodeOutputs.ts";
import { encodeInputs } from "../../src/ir/encodeInputs.ts";
import type { IntegerGraph } from "../../src/ir/integerGraph.ts";
import { canonicalGraph, modelHashOf } from "../../src/ir/modelHash.ts";
import { evaluate, intervalsOf } from "../../src/kernels/interpret.ts";
import { readOnnx } from "../../src/onnx/readOnnx.ts";
import { type QuantiseOptions, quantise } from "../../src/passes/quantise.ts";
import { samplesOf } from "../../src/passes/samples.ts";
import { projectPath } from "../../src/paths.ts";
import { INT64, type ModelSpec, type NodeSpec, type TensorSpec, buildModel } from "../fixtures/onnx/buildModel.ts";
import { seededNumbers } from "../fixtures/onnx/seededNumbers.ts";

const folder = projectPath("circuits/models/digits-mlp");
const parse = (name: string) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8"));

/** Reads, quantises and compares with onnxruntime over the samples. */
async function faithfulness(spec: ModelSpec, samples: number[][][], options: QuantiseOptions) {
  const bytes = buildModel(spec);
  const graph = readOnnx(bytes);
  const twin = await floatTwin(bytes, graph);
  const program = quantise(graph, options).graph;
  const comparison = await compareWithFloat(program, twin, samples);
  await twin!.release();
  return { program, comparison };
}

const rows = (numbers: (count: number) => number[], count: number, size: number) =>
  Array.from({ length: count }, () => [numbers(size)]);

/** The weight and bias names, constants and nodes of `y = x · W + b`, with W and b drawn from `numbers`. */
function dense(
  name: string,
  [from, to]: [string, string],
  [inputs, outputs]: [number, number],
  numbers: (count: number) => number[],
) {
  const constants: Record<string, TensorSpec> = {
    [`${name}.W`]: { dims: [inputs, outputs], data: numbers(inputs * outputs) },
    [`${name}.b`]: { dims: [outputs], data: numbers(outputs) },
  };
  const node: NodeSpec = { op: "Gemm", name, inputs: [from, `${name}.W`, `${name}.b`], outputs: [to] };
  return { node, constants };
}

describe("quantise", () => {
  describe("the digits model", () => {
    const bytes = readFileSync(`${folder}/model.onnx`);
    const graph = readOnnx(bytes);
    const heldOut = parse("samples/held-out.json") as { input_data: number[][]; labels: number[] };
    const samples = samplesOf(graph, parse("samples/calibration.json").input_data);
    const { inputs } = parse("model.json");
    const program = quantise(graph, { name: "digits-mlp", inputs, samples }).graph;

    it("reads pixels in 5 bits without loss and packs its outputs into one word", () => {
      const [pixels] = program.inputs;
      expect([pixels.name, pixels.bits, pixels.signed, pixels.scale]).to.deep.equal(["pixels", 5, false, 1]);
      expect(program.outputs.map(({ name, role }) => [name, role])).to.deep.equal([
        ["logits", "values"],
        ["label", "label"],
      ]);
      const outputs = evaluate(program, encodeInputs(program, [heldOut.input_data[0]]));
      const words = packWords(program.outputs, outputs);
      expect(words).to.have.length(1);
      expect(unpackWords(program.outputs, words)).to.deep.equal(outputs);
    });

    it("keeps logits exact and fuses the ReLU", () => {
      expect(program.kernels.map(({ kernel }) => kernel)).to.deep.equal(["Linear", "Requantise", "Linear", "ArgMax"]);
    });

    it("gives the float model's label on at least 99 % of the held-out digits", async () => {
      const twin = await floatTwin(bytes, graph);
      let [agreements, correct] = [0, 0];
      for (const [index, row] of heldOut.input_data.entries()) {
        const [, label] = decodeOutputs(program, evaluate(program, encodeInputs(program, [row])));
        const [, want] = await twin!.run([row]);
        agreements += Number(label.values[0] === want.values[0]);
        correct += Number(label.values[0] === heldOut.labels[index]);
      }
      await twin!.release();
      const count = heldOut.labels.length;
      console.log(`      label agreement ${agreements}/${count}, integer accuracy ${correct}/${count}`);
      expect(agreements).to.be.at.least(Math.ceil(0.99 * count));
      expect(correct).to.be.at.least(Math.ceil(0.96 * count));
    });

    it("has the same model hash every time, over canonical JSON", () => {
      const again = quantise(readOnnx(bytes), { name: "digits-mlp", inputs, samples }).graph;
      expect(modelHashOf(again)).to.equal(modelHashOf(program));
      expect(JSON.parse(canonicalGraph(program))).to.deep.equal(program);
      const other = quantise(graph, { name: "digits-mlp", inputs, samples, weightBits: 7 }).graph;
      expect(modelHashOf(other)).not.to.equal(modelHashOf(program));
    });
  });

  describe("stays within 2 % of the float model's range", () => {
    for (let seed = 1; seed <= 12; seed++) {
      it(`random network ${seed}`, async () => {
        const numbers = seededNumbers(seed);
        const sizes = [3 + seed, 4 + (seed % 5) * 4, 3 + (seed % 3) * 5, 1 + (seed % 4)];
        const layers = [0, 1, 2].map((k) =>
          dense(`fc${k}`, [k === 0 ? "x" : `a${k}`, k === 2 ? "y" : `h${k + 1}`], [sizes[k], sizes[k + 1]], numbers),
        );
        const relu = (k: number): NodeSpec => ({ op: "Relu", name: `relu${k}`, inputs: [`h${k}`], outputs: [`a${k}`] });
        const samples = rows(numbers, 30, sizes[0]);
        const { comparison } = await faithfulness(
          {
            inputs: [{ name: "x", shape: [1, sizes[0]] }],
            outputs: [{ name: "y" }],
            nodes: [layers[0].node, relu(1), layers[1].node, relu(2), layers[2].node],
            constants: Object.assign({}, ...layers.map(({ constants }) => constants)),
          },
          samples,
          { inputRange: [-1, 1], samples },
        );
        expect(comparison.problem).to.equal(undefined);
        expect(comparison.maxRelError).to.satisfy((error: number) => error > 0);
      });
    }

    it("a residual block over several rows", async () => {
      const numbers = seededNumbers(99);
      const [first, second, last] = [
        dense("in", ["x", "h"], [6, 8], numbers),
        dense("block", ["a", "s"], [8, 8], numbers),
        dense("out", ["t", "y"], [8, 3], numbers),
      ];
      const samples = rows(numbers, 20, 12);
      const { comparison } = await faithfulness(
        {
          inputs: [{ name: "x", shape: [2, 6] }],
          outputs: [{ name: "y" }],
          nodes: [
            first.node,
            { op: "Relu", name: "r1", inputs: ["h"], outputs: ["a"] },
            second.node,
            { op: "Add", inputs: ["s", "a"], outputs: ["sum"] },
            { op: "Relu", name: "r2", inputs: ["sum"], outputs: ["t"] },
            last.node,
          ],
          constants: { ...first.constants, ...second.constants, ...last.constants },
        },
        samples,
        { inputRange: [-1, 1], samples },
      );
      expect(comparison.problem).to.equal(undefined);
    });

    describe("within 1 % where terms of different scales are added", () => {
      const layers: Record<string, TensorSpec> = {
        w: { dims: [3, 3], data: [1.5, -0.5, 0.25, 0.3, -1.1, 0.7, 0.2, 0.9, -1.4] },
        b: { dims: [3], data: [0.1, -0.2, 0.3] },
      };
      const node = (op: string, ...names: string[]): NodeSpec => ({
        op,
        name: names.at(-1)!,
        inputs: names.slice(0, -1),
        outputs: names.slice(-1),
      });
      const gemm = (from: string, to: string) => node("Gemm", from, "w", "b", to);
      const sums: [name: string, inputs: string[], nodes: NodeSpec[]][] = [
        ["Gemm(x) + x", ["x"], [gemm("x", "g"), node("Add", "g", "x", "y")]],
        [
          "Gemm(Relu(Gemm(x) + x))",
          ["x"],
          [gemm("x", "g"), node("Add", "g", "x", "s"), node("Relu", "s", "r"), gemm("r", "y")],
        ],
        [
          "Gemm(r) + r with r = Relu(Gemm(x))",
          ["x"],
          [gemm("x", "g"), node("Relu", "g", "r"), gemm("r", "h"), node("Add", "h", "r", "y")],
        ],
        ["p + q of different ranges", ["p", "q"], [node("Add", "p", "q", "y")]],
        ["(p + q) − t", ["p", "q", "t"], [node("Add", "p", "q", "s"), node("Sub", "s", "t", "y")]],
      ];
      for (const [name, names, nodes] of sums) {
        it(name, async () => {
          const numbers = seededNumbers(31);
          const limits: Record<string, number> = { x: 1, p: 1, q: 0.07, t: 3 };
          const inputs = Object.fromEntries(
            names.map((input) => [input, { range: [-limits[input], limits[input]] as const }]),
          );
          const samples = Array.from({ length: 30 }, () =>
            names.map((input) => numbers(3).map((value) => value * limits[input])),
          );
          const { comparison } = await faithfulness(
            {
              inputs: names.map((input) => ({ name: input, shape: [1, 3] })),
              outputs: [{ name: "y" }],
              nodes,
              constants: layers,
            },
            samples,
            { inputs, samples },
          );
          expect(comparison.problem).to.equal(undefined);
          expect(comparison.maxRelError).to.satisfy((error: number) => error <= 0.01, String(comparison.maxRelError));
        });
      }
    });

    it("a normalised input, biases in nodes of their own and a matrix on the left", async () => {
      const numbers = seededNumbers(17);
      const samples = Array.from({ length: 20 }, () => [numbers(12).map((value) => 128 + Math.round(value * 127))]);
      const constants: Record<string, TensorSpec> = {
        mean: { dims: [3], data: [120, 130, 140] },
        deviation: { dims: [1], data: [60] },
        W: { dims: [3, 5], data: numbers(15) },
        b: { dims: [5], data: numbers(5) },
        M: { dims: [2, 4], data: numbers(8) },
      };
      const node = (op: string, inputs: string[], output: string): NodeSpec => ({
        op,
        name: output,
        inputs,
        outputs: [output],
      });
      const { program, comparison } = await faithfulness(
        {
          inputs: [{ name: "x", shape: [4, 3] }],
          outputs: [{ name: "y" }],
          nodes: [
            node("Sub", ["x", "mean"], "centred"),
            node("Div", ["centred", "deviation"], "normal"),
            node("MatMul", ["normal", "W"], "product"),
            node("Add", ["product", "b"], "sum"),
            node("Relu", ["sum"], "active"),
            node("MatMul", ["M", "active"], "mixed"),
            node("Mul", ["mixed", "deviation"], "y"),
          ],
          constants,
        },
        samples,
        { inputs: { x: { range: [0, 255], step: 1 } }, samples },
      );
      expect(comparison.problem).to.equal(undefined);
      expect(program.kernels.filter(({ kernel }) => kernel === "Linear")).to.have.length(2);
    });

    it("a classifier that ends in Softmax and ArgMax", async () => {
      const numbers = seededNumbers(4);
      const layer = dense("fc", ["x", "logits"], [6, 4], numbers);
      const samples = rows(numbers, 20, 6);
      const { program, comparison } = await faithfulness(
        {
          inputs: [{ name: "x", shape: [1, 6] }],
          outputs: [{ name: "label", dataType: INT64 }],
          nodes: [
            layer.node,
            { op: "Softmax", inputs: ["logits"], outputs: ["p"] },
            { op: "ArgMax", inputs: ["p"], outputs: ["label"], attributes: { axis: 1 } },
          ],
          constants: layer.constants,
        },
        samples,
        { rows: samples, samples },
      );
      expect(comparison).to.deep.equal({ maxAbsError: null, maxRelError: null, argmaxAgrees: true });
      expect(program.outputs[0]).to.include({ role: "label", bits: 2, signed: false, scale: 1 });
    });
  });

  describe("is exact where it can be", () => {
    const layer = { W: { dims: [2, 2], data: [127, -3, 5, 64] }, b: { dims: [2], data: [1000, -7] } };
    const spec: ModelSpec = {
      inputs: [{ name: "x", shape: [1, 2] }],
      outputs: [{ name: "y" }],
      nodes: [{ op: "Gemm", inputs: ["x", "W", "b"], outputs: ["y"] }],
      constants: layer,
    };
    const program = quantise(readOnnx(buildModel(spec)), { inputs: { x: { range: [-8, 7], step: 1 } } }).graph;

    it("on integer weights and inputs", () => {
      const outputs = decodeOutputs(program, evaluate(program, encodeInputs(program, [[-8, 7]])));
      expect(outputs).to.deep.equal([{ name: "y", values: [127 * -8 + 5 * 7 + 1000, -3 * -8 + 64 * 7 - 7] }]);
    });

    it("in the widths of outputs, which the extreme inputs reach (Z3)", () => {
      const [y] = program.outputs;
      const { low, high } = intervalsOf(program).get(y.from)!;
      expect([low[0], high[0]]).to.deep.equal([-56n, 1924n]);
      expect([y.bits, y.signed]).to.deep.equal([12, true]);
      const extreme = (row: number[]) => evaluate(program, encodeInputs(program, [row]))[0];
      expect(extreme([-8, -8])[0]).to.equal(low[0]);
      expect(extreme([7, 7])[0]).to.equal(high[0]);
    });

    it("in a ReLU whose result is an output", () => {
      const relu = quantise(
        readOnnx(
          buildModel({
            ...spec,
            nodes: [
              { ...spec.nodes[0], outputs: ["h"] },
              { op: "Relu", inputs: ["h"], outputs: ["y"] },
            ],
          }),
        ),
        { inputs: { x: { range: [-8, 7], step: 1 } } },
      ).graph;
      const outputs = decodeOutputs(relu, evaluate(relu, encodeInputs(relu, [[-8, -8]])));
      expect(outputs[0].values).to.deep.equal([0, 0]);
      expect(decodeOutputs(relu, evaluate(relu, encodeInputs(relu, [[7, 7]])))[0].values).to.deep.equal([1924, 420]);
    });
  });

  describe("names", () => {
    it("are identifiers, whatever the file calls its values", () => {
      const graph = quantise(
        readOnnx(
          buildModel({
            inputs: [
              { name: "signal", shape: [2] },
              { name: "a; signal private", shape: [2] },
            ],
            outputs: [{ name: "salt" }, { name: "2/y:0*/" }],
            nodes: [
              { op: "Add", name: "a; signal private", inputs: ["signal", "a; signal private"], outputs: ["salt"] },
              { op: "Sub", name: "__proto__", inputs: ["signal", "a; signal private"], outputs: ["2/y:0*/"] },
            ],
          }),
        ),
        { inputRange: [-1, 1], name: "../x y" },
      ).graph;
      expect(graph.inputs.map(({ name }) => name)).to.deep.equal(["signal_2", "a_signal_private"]);
      expect(graph.kernels.map(({ output }) => output)).to.deep.equal(["a_signal_private_2", "proto"]);
      expect(graph.outputs.map(({ name }) => name)).to.deep.equal(["salt_2", "v_2_y_0"]);
      expect(graph.name).to.equal("_x_y");
    });
  });

  describe("inputs", () => {
    const identity: ModelSpec = {
      inputs: [{ name: "x", shape: [1, 2] }],
      outputs: [{ name: "y" }],
      nodes: [{ op: "Relu", inputs: ["x"], outputs: ["y"] }],
    };
    const graph = readOnnx(buildModel(identity));
    const inputOf = (options: QuantiseOptions): IntegerGraph["inputs"][number] =>
      quantise(graph, options).graph.inputs[0];

    it("take their range from model.json, then the option, then the rows, never from the samples", () => {
      const rows = [[[0.25, 0.5]]];
      const samples = [[[7, -7]]];
      const described = { x: { range: [-2, 2] as const } };
      expect(inputOf({ inputs: described, inputRange: [0, 1], rows, samples }).range).to.deep.equal({
        low: -2,
        high: 2,
        source: "model.json",
      });
      expect(inputOf({ inputRange: [0, 1], rows, samples }).range).to.deep.equal({ low: 0, high: 1, source: "option" });
      expect(inputOf({ rows, samples }).range).to.deep.equal({ low: 0, high: 0.5, source: "rows" });
      expect(() => inputOf({ samples })).to.throw(InputError, "its range is not known");
    });

    it("get the narrowest width that holds a discrete range", () => {
      const widths: [range: [number, number], step: number, bits: number, signed: boolean][] = [
        [[0, 16], 1, 5, false],
        [[0, 1], 1, 1, false],
        [[0, 255], 1, 8, false],
        [[-128, 127], 1, 8, true],
        [[-128, 128], 1, 9, true],
        [[-1, 1], 0.25, 4, true],
      ];
      for (const [range, step, bits, signed] of widths) {
        expect(inputOf({ inputs: { x: { range, step } } })).to.include({ bits, signed, scale: step });
      }
    });

    it("use all of their bits otherwise", () => {
      expect(inputOf({ inputRange: [0, 1] })).to.include({ bits: 8, signed: false, scale: 1 / 255 });
      expect(inputOf({ inputRange: [-1, 0.5] })).to.include({ bits: 8, signed: true, scale: 1 / 127 });
      expect(inputOf({ inputRange: [0, 1], inputBits: 10 })).to.include({ bits: 10, scale: 1 / 1023 });
    });

    it("are refused when out of range or of the wrong length", () => {
      const program = quantise(graph, { inputs: { x: { range: [0, 16], step: 1 } } }).graph;
      const encoding =
        (...rows: number[][]) =>
        () =>
          encodeInputs(program, rows);
      expect(encodeInputs(program, [[0, 16]])).to.deep.equal([[0n, 16n]]);
      expect(encoding([0, 17])).to.throw(InputError, "input x[1]: 17 is out of range, want 0 to 16");
      expect(encoding([-1, 0])).to.throw(InputError, "input x[0]: -1 is out of range");
      expect(encoding([NaN, 0])).to.throw(InputError, "x[0]: NaN");
      expect(encoding([1])).to.throw(InputError, "input x: got 1 numbers, want 2");
      expect(encoding([1, 2], [3])).to.throw(InputError, "got 2 rows, want 1 (x)");
    });

    it("need a usable range", () => {
      const inferring = (options: QuantiseOptions) => () => quantise(graph, options);
      expect(inferring({})).to.throw(InputError, "--input-range");
      expect(inferring({ inputRange: [1, 0] })).to.throw(InputError, "not a range");
      expect(inferring({ inputRange: [0, Infinity] })).to.throw(InputError, "not a range");
      expect(inferring({ inputs: { z: { range: [0, 1] } } })).to.throw(InputError, 'describes input "z"');
      expect(inferring({ inputs: { x: { range: [0, 1], step: 1e-12 } } })).to.throw(InputError, "bits");
      expect(inferring({ inputRange: [0, 1], weightBits: 1 })).to.throw(InputError, "weightBits");
    });

    it("of an integer type are integers of that type, in files, ranges and steps", () => {
      const integers = (dataType: number) =>
        readOnnx(buildModel({ ...identity, inputs: [{ name: "x", shape: [1, 2], dataType }] }));
      const [uint8, int8, int32, bool] = [2, 3, 6, 9].map(integers);
      const reading = (model: typeof uint8, row: number[]) => () => samplesOf(model, [row]);
      expect(samplesOf(uint8, [[0, 255]])).to.deep.equal([[[0, 255]]]);
      expect(reading(uint8, [0, 256])).to.throw(
        InputError,
        'input_data row 0 ("x")[1]: got 256, want an integer from 0 to 255',
      );
      expect(reading(int8, [-129, 0])).to.throw(InputError, "want an integer from -128 to 127");
      expect(reading(int32, [0, 2 ** 31])).to.throw(InputError, "to 2147483647");
      expect(reading(bool, [2, 0])).to.throw(InputError, "want an integer from 0 to 1");
      expect(reading(integers(INT64), [1.5, 0])).to.throw(InputError, "got 1.5, want an integer from");

      const quantising = (options: QuantiseOptions) => () => quantise(uint8, options);
      const described = (range: [number, number], step?: number) => quantising({ inputs: { x: { range, step } } });
      expect(described([0, 255])().graph.inputs[0]).to.include({ bits: 8, signed: false, scale: 1 });
      expect(described([0, 8], 2)().graph.inputs[0]).to.include({ bits: 3, scale: 2 });
      expect(described([0, 4], 0.5)).to.throw(InputError, 'input "x": step 0.5 is not an integer');
      expect(described([0, 255], 2)).to.throw(InputError, "multiples of 2");
      expect(described([-1, 1])).to.throw(InputError, "range -1 to 1 is beyond its ONNX type, want 0 to 255");
      expect(quantising({ inputRange: [0, 1.5] })).to.throw(InputError, "multiples of 1");
    });

    it("come in rows, one a model input", () => {
      expect(
        samplesOf(graph, [
          [1, 2],
          [3, 4],
        ]),
      ).to.deep.equal([[[1, 2]], [[3, 4]]]);
      expect(() => samplesOf(graph, [[1]])).to.throw(InputError, 'row 0 ("x"): got 1 numbers, want 2');
      expect(() => samplesOf(graph, [])).to.throw(InputError, "got 0 rows");
    });
  });
});
