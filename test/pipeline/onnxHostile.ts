import { readFileSync, readdirSync } from "node:fs";
import { expect } from "chai";
import { InputError } from "../../src/errors.ts";
import { fuzzOnnx } from "../../src/fuzz/onnx/fuzzOnnx.ts";
import { judge } from "../../src/fuzz/onnx/judge.ts";
import { DOMAINS } from "../../src/onnx/operatorOf.ts";
import { LIMITS } from "../../src/onnx/limits.ts";
import { readInWorker } from "../../src/onnx/readInWorker.ts";
import { readOnnx } from "../../src/onnx/readOnnx.ts";
import { decodeModel } from "../../src/onnx/schema.ts";
import { lowerGraph } from "../../src/passes/lowerGraph.ts";
import { projectPath } from "../../src/paths.ts";
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
import { seedModels } from "../fixtures/onnx/seedModels.ts";

const shipped = readdirSync(projectPath("circuits/models")).map((name) =>
  readFileSync(projectPath(`circuits/models/${name}/model.onnx`)),
);

/** One node that reads the input x of shape 2×3 and constants. */
function oneNode(
  op: string,
  constants: Readonly<Record<string, TensorSpec>> = {},
  changes: Partial<NodeSpec> & Pick<ModelSpec, "mlOpset"> & { shape?: readonly number[] } = {},
): ModelSpec {
  const { mlOpset, shape = [2, 3], ...node } = changes;
  const inputs = ["x", ...Object.keys(constants)];
  return {
    inputs: [{ name: "x", shape }],
    outputs: [{ name: "y" }],
    nodes: [{ op, name: "node", inputs, outputs: ["y"], ...node }],
    constants,
    ...(mlOpset !== undefined && { mlOpset }),
  };
}

const listed = (data: readonly number[]): TensorSpec => ({ dims: [data.length], data, dataType: INT64 });
const integers = (...data: number[]): TensorSpec => listed(data);
const floats = (...data: number[]): TensorSpec => ({ dims: [data.length], data });
const reals = (...values: number[]) => ({ reals: values });
const nothing = (dataType: number): TensorSpec => ({ dims: [0], data: [], dataType });

/** What a model is refused with; fails where it is not. */
function refusalOf(bytes: Uint8Array): string {
  try {
    lowerGraph(readOnnx(bytes));
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error("the model is not refused");
}

const relu = oneNode("Relu");

/** A model of one Relu, changed in the format's own terms. */
function changed(change: (graph: ReturnType<typeof modelObject>["graph"]) => void): Uint8Array {
  const model = modelObject(relu);
  change(model.graph);
  return encode(model);
}

/** A tree without branching but downwards, as attributes of a TreeEnsembleRegressor. */
function chain(length: number): NodeSpec["attributes"] {
  const ids = Array.from({ length: 2 * length + 1 }, (_, id) => id);
  const branches = ids.map((id) => id % 2 === 0 && id < 2 * length);
  return {
    nodes_treeids: ids.map(() => 0),
    nodes_nodeids: ids,
    nodes_featureids: ids.map(() => 0),
    nodes_modes: branches.map((isBranch) => (isBranch ? "BRANCH_LEQ" : "LEAF")),
    nodes_values: { reals: ids.map((id) => -id) },
    nodes_truenodeids: ids.map((id, at) => (branches[at] ? id + 2 : 0)),
    nodes_falsenodeids: ids.map((id, at) => (branches[at] ? id + 1 : 0)),
    target_treeids: [0],
    target_nodeids: [2 * length],
    target_ids: [0],
    target_weights: reals(1),
  };
}

describe("hostile ONNX files (A5)", () => {
  describe("are refused with one line", () => {
    const ml = (op: string, attributes: NodeSpec["attributes"], outputs = ["y"]) =>
      buildModel(oneNode(op, {}, { domain: "ai.onnx.ml", mlOpset: 3, outputs, ...(attributes && { attributes }) }));
    const support = { kernel_type: "LINEAR", kernel_params: reals(1, 0, 1), rho: reals(0) };
    const many = (count: number) => Array.from({ length: count }, (_, index) => index);
    const cases: [name: string, bytes: () => Uint8Array, message: RegExp][] = [
      [
        "a name with a line break",
        () => buildModel({ ...relu, inputs: [{ name: "x\n", shape: [1] }] }),
        /"x\\n"\): holds a control character/,
      ],
      [
        "an escape sequence of terminals, of one character",
        () => buildModel(oneNode("Relu", {}, { name: "\u009b2J" })),
        /holds a control character/,
      ],
      [
        "text that runs backwards",
        () => buildModel({ ...relu, inputs: [{ name: "x", shape: ["\u202eN"] }] }),
        /name of a dimension .*control/,
      ],
      ["a long name", () => buildModel(oneNode("Relu", {}, { name: "n".repeat(100_000) })), /has 100000 characters/],
      [
        "a branch",
        () =>
          changed((graph) => Object.assign(graph.node[0], { opType: "If", attribute: [{ name: "then", type: 5 }] })),
        /node "node" \(If\): attribute "then" holds a graph/,
      ],
      [
        "an attribute that is a list of graphs",
        () => changed((graph) => Object.assign(graph.node[0], { attribute: [{ name: "axis", type: 10 }] })),
        /holds a graph/,
      ],
      [
        "inputs without number",
        () =>
          changed(
            (graph) => (graph.input = many(LIMITS.tensors + 1).map((at) => ({ ...graph.input[0], name: `i${at}` }))),
          ),
        /has 4097 inputs, want at most 4096/,
      ],
      [
        "operands without number",
        () => changed((graph) => (graph.node[0].input = Array(LIMITS.references).fill("x"))),
        /operands and results of nodes, want at most/,
      ],
      [
        "initializers that are vast together",
        () =>
          changed((graph) => {
            const half = { dims: [LIMITS.elements / 2 + 1], dataType: FLOAT };
            graph.initializer = ["a", "b"].map((name) => ({ name, ...half }));
          }),
        /elements of initializers/,
      ],
      [
        "groups within groups",
        () => Buffer.concat([Buffer.alloc(200_000, 0x7b), Buffer.alloc(200_000, 0x7c)]),
        /not an ONNX model.*max depth/,
      ],
      ["a varint without end", () => Buffer.concat([Buffer.of(0x08), Buffer.alloc(100, 0xff)]), /not an ONNX model/],
      ["a length beyond the file", () => Buffer.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x07), /not an ONNX model/],
      [
        "a vast number of parts",
        () => buildModel(oneNode("Split", {}, { attributes: { num_outputs: 2 ** 31 } })),
        /num_outputs is 2147483648, but it has 1 outputs/,
      ],
      [
        "an axis a million times",
        () =>
          buildModel(
            oneNode("Slice", {
              starts: listed(many(1e6).fill(0)),
              ends: listed(many(1e6).fill(1)),
              axes: listed(many(1e6).fill(0)),
            }),
          ),
        /^node "node" \(Slice\): axes 0, 0/,
      ],
      [
        "labels of Einsum without elements",
        () =>
          buildModel(oneNode("Einsum", { w: { dims: [3, 0], data: [] } }, { attributes: { equation: "ij,jk->ik" } })),
        /no elements/,
      ],
      [
        "quantised numbers of which there are none",
        () => {
          const constants = { q: { dims: [2, 2, 0], data: [], dataType: INT64 }, scale: floats(0.5, 2) };
          return buildModel(oneNode("DequantizeLinear", constants, { inputs: ["q", "scale"] }));
        },
        /its operand has no elements/,
      ],
      [
        "features that are no integers",
        () => {
          const spec = oneNode("ArrayFeatureExtractor", { at: floats(0.5) }, { domain: "ai.onnx.ml", mlOpset: 3 });
          return buildModel(spec);
        },
        /operand 1 is of type float, want integers/,
      ],
      [
        "a million numbers made two",
        () => {
          const scales = { roi: nothing(FLOAT), scales: floats(1, 1, 2) };
          return buildModel(oneNode("Resize", scales, { shape: [1, 1, 1 << 20], attributes: { mode: "cubic" } }));
        },
        /node "node" \(Resize\): .* multiplications/,
      ],
      [
        "axes that are no integers",
        () => buildModel(oneNode("ReduceL1", { axes: floats(0.1, -0.3) })),
        /axes is of type float, want integers/,
      ],
      [
        "axes that are no integers, of a product",
        () => buildModel(oneNode("ReduceProd", { axes: floats(0.5) })),
        /axes is of type float, want integers/,
      ],
      [
        "a size that is left out",
        () => buildModel({ ...oneNode("HannWindow", { size: nothing(INT64) }, { inputs: ["size"] }) }),
        /size has 0 elements, want 1/,
      ],
      ["an output without elements", () => buildModel(oneNode("Expand", { shape: integers(0, 2, 3) })), /no elements/],
      [
        "an output that is an empty constant",
        () => buildModel(oneNode("Identity", { empty: nothing(FLOAT) }, { inputs: ["empty"] })),
        /output "y": has no elements/,
      ],
      [
        "a choice among nothing",
        () => {
          const spec = oneNode("Gather", { data: nothing(FLOAT) }, { inputs: ["data", "x"] });
          return buildModel({ ...spec, inputs: [{ name: "x", shape: [2], dataType: INT64 }] });
        },
        /no elements to choose from/,
      ],
      [
        "a padding with nothing",
        () => buildModel(oneNode("Pad", { pads: integers(0, 1, 1, 0), value: nothing(FLOAT) })),
        /its value is of shape 0, want one element/,
      ],
      [
        "a bias that is too short",
        () => buildModel(oneNode("Conv", { w: { dims: [2, 1, 1], data: [1, 2] }, b: floats(1) }, { shape: [1, 1, 3] })),
        /its bias is of shape 1, want one element for each of 2 filters/,
      ],
      [
        "a negative variance",
        () => {
          const parameters = { scale: floats(1, 1), bias: floats(1, 1), mean: floats(0, 0), variance: floats(1, -1) };
          return buildModel(oneNode("BatchNormalization", parameters, { shape: [1, 2, 3] }));
        },
        /node "node": its constants make a weight NaN/,
      ],
      [
        "a negative count of support vectors",
        () =>
          ml("SVMClassifier", {
            ...support,
            coefficients: reals(1, 1, 1),
            classlabels_ints: [0, 1],
            vectors_per_class: [-1, 4],
          }),
        /vectors_per_class -1, 4 are not counts/,
      ],
      [
        "pairs of many classes",
        () => ml("SVMClassifier", { ...support, coefficients: reals(1), classlabels_ints: many(20_000) }),
        /more than \d+/,
      ],
      ["a tree that is a chain", () => ml("TreeEnsembleRegressor", chain(100_000)), /deeper than 256/],
      [
        "trees with a vast number of scores",
        () => ml("TreeEnsembleRegressor", { ...chain(100), n_targets: 1_000_000 }),
        /multiplications/,
      ],
    ];
    for (const [name, bytes, message] of cases) {
      it(name, () =>
        expect(refusalOf(bytes()))
          .to.match(message)
          .and.not.to.match(/\p{Cc}/u),
      );
    }

    it("however long what they name is", () => {
      const message = refusalOf(buildModel(oneNode("Split", { sizes: listed(Array<number>(100_000).fill(7)) })));
      expect(message.length).to.be.within(4000, 4001);
      expect(new InputError("a\u001b[31m\nb\u2028c").message).to.equal("a [31m b c");
    });
  });

  describe("are harmless", () => {
    it("with names that JavaScript objects treat specially, everywhere", () => {
      const [input, output] = ["__proto__", "constructor"];
      const bytes = buildModel({
        inputs: [{ name: input, shape: ["toString", "valueOf"] }],
        outputs: [{ name: output }],
        nodes: [{ op: "Relu", name: "hasOwnProperty", inputs: [input], outputs: [output] }],
      });
      const dimensions = new Map([
        ["toString", 2],
        ["valueOf", 3],
      ]);
      expect(readOnnx(bytes, { dimensions }).outputs).to.deep.equal([{ name: output, type: "float", shape: [2, 3] }]);
      for (const change of [
        { op: "__proto__" },
        { op: "constructor" },
        { domain: "__proto__" },
        { domain: "toString" },
        { attributes: { __proto__: null, constructor: 1 } as never },
        { attributes: { ["__proto__"]: 1 } },
      ]) {
        expect(refusalOf(buildModel(oneNode("Relu", {}, change as Partial<NodeSpec>)))).to.match(/not supported/);
      }
      expect(({} as Record<string, unknown>)["then"]).to.equal(undefined);
    });

    it("with a text attribute that is empty, which the format leaves out", () => {
      const bytes = changed((graph) =>
        Object.assign(graph.node[0], { opType: "Pad", attribute: [{ name: "mode", type: 3 }] }),
      );
      expect(refusalOf(bytes)).to.match(/attribute mode ""/);
    });

    it("where a function meets what is no number", () => {
      const spec: ModelSpec = {
        ...relu,
        nodes: [
          { op: "Div", inputs: ["x", "x"], outputs: ["q"] },
          { op: "Gelu", inputs: ["q"], outputs: ["y"] },
        ],
      };
      expect(judge(buildModel(spec)).kind).to.be.oneOf(["accepted", "refused"]);
      expect(
        lowerGraph(readOnnx(buildModel(oneNode("Erf")))).steps.flatMap((step) =>
          "function" in step ? [step.function.apply(NaN)] : [],
        ),
      ).to.deep.equal([NaN]);
    });

    it("with base values of trees that are an empty tensor, as some converters write", () => {
      const attributes = { ...chain(1), base_values_as_tensor: nothing(FLOAT) };
      const spec = oneNode("TreeEnsembleRegressor", {}, { domain: "ai.onnx.ml", mlOpset: 3, attributes });
      expect(readOnnx(buildModel(spec)).outputs[0].shape).to.deep.equal([2, 1]);
    });
  });

  describe("are read in a process of their own", () => {
    const wide = 1500;
    const large = () =>
      buildModel(
        oneNode(
          "MatMul",
          { w: { dims: [wide, wide], data: Array<number>(wide * wide).fill(0.5) } },
          { shape: [1, wide] },
        ),
      );

    it("which gives the same graph", async () => {
      for (const bytes of shipped) expect(await readInWorker(bytes)).to.deep.equal(readOnnx(bytes));
      const dimensions = new Map([["N", 4]]);
      const open = buildModel({ ...relu, inputs: [{ name: "x", shape: [1, "N"] }] });
      expect((await readInWorker(open, { dimensions })).inputs[0].shape).to.deep.equal([1, 4]);
    });

    /** What reading fails with. */
    const failure = (...given: Parameters<typeof readInWorker>): Promise<unknown> =>
      readInWorker(...given).then(
        () => undefined,
        (error: unknown) => error,
      );

    it("which refuses what reading and lowering refuse", async () => {
      expect(await failure(Buffer.from("text")))
        .to.be.instanceOf(InputError)
        .with.property("message")
        .that.matches(/not an ONNX/);
      const unlowered = buildModel(oneNode("Conv", { w: { dims: [1, 1, 1], data: [1] } }, { inputs: ["x", "x"] }));
      expect(await failure(unlowered)).to.be.instanceOf(InputError);
    });

    it("which ends when it takes too long", async () => {
      const error = await failure(large(), {}, { seconds: 0.05, megabytes: 2048 });
      expect(error).to.be.instanceOf(InputError);
      expect(String(error)).to.match(/takes more than 0.05 seconds; want a smaller model/);
    });

    it("which ends when it takes too much memory, whatever V8 then does", async () => {
      const error = await failure(large(), {}, { seconds: 60, megabytes: 48 });
      expect(error).to.be.instanceOf(InputError);
      expect(String(error)).to.match(/takes more than 48 MB of memory; want a smaller model/);
    });
  });

  describe("made by damaging good ones", () => {
    it("are made of models that are good and use every operator", () => {
      const verdicts = [...shipped, ...seedModels()].map(judge);
      expect(verdicts.filter(({ kind }) => kind === "fault")).to.deep.equal([]);
      const used = new Set(seedModels().flatMap((bytes) => decodeModel(bytes).graph!.node.map(({ opType }) => opType)));
      const all = [...DOMAINS.values()].flatMap((operators) => [...operators.keys()]);
      expect(all.filter((name) => !used.has(name))).to.deep.equal([]);
      const refused = seedModels().flatMap((bytes) => {
        try {
          lowerGraph(readOnnx(bytes));
          return [];
        } catch (error) {
          return [String(error)];
        }
      });
      expect(refused).to.deep.equal([]);
    });

    it("become a program or a refusal of one line", async () => {
      const models = [...shipped, ...seedModels()];
      const totals = await fuzzOnnx({ models, seed: 1, mutants: 2000, onProgress: () => {} });
      expect(totals.findings).to.deep.equal([]);
      expect(totals.accepted).to.be.greaterThan(200);
      expect(totals.refused).to.be.greaterThan(1000);
    });
  });
});
