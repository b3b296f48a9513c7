import { readFileSync } from "node:fs";
import { expect } from "chai";
import { InputError } from "../../src/errors.ts";
import { LIMITS } from "../../src/onnx/limits.ts";
import type { ReadOptions } from "../../src/onnx/readInputs.ts";
import { readOnnx } from "../../src/onnx/readOnnx.ts";
import { quantise } from "../../src/passes/quantise.ts";
import { projectPath } from "../../src/paths.ts";
import { FLOAT, INT64, buildModel, encode, modelObject, type ModelSpec } from "../fixtures/onnx/buildModel.ts";

const digits = readFileSync(projectPath("circuits/models/digits-mlp/model.onnx"));

/** y = Relu(x · W), the model that the tests below spoil. */
const plain: ModelSpec = {
  inputs: [{ name: "x", shape: [2, 3] }],
  outputs: [{ name: "y" }],
  nodes: [
    { op: "MatMul", inputs: ["x", "W"], outputs: ["h"] },
    { op: "Relu", inputs: ["h"], outputs: ["y"] },
  ],
  constants: { W: { dims: [3, 2], data: [1, 2, 3, 4, 5, 6] } },
};

const reading = (bytes: Uint8Array, options?: ReadOptions) => () => readOnnx(bytes, options);

/** The plain model with one part of its protobuf replaced. */
function spoilt(spoil: (graph: ReturnType<typeof modelObject>["graph"] & Record<string, unknown>) => void): Uint8Array {
  const model = modelObject(plain);
  spoil(model.graph);
  return encode(model);
}

const withTensor = (tensor: object): Uint8Array =>
  spoilt((graph) => (graph.initializer = [{ name: "W", ...tensor } as never]));

describe("readOnnx", () => {
  it("reads the digits model", () => {
    const graph = readOnnx(digits);
    expect(graph.inputs).to.deep.equal([{ name: "pixels", type: "float", shape: [1, 64] }]);
    expect(graph.outputs).to.deep.equal([
      { name: "logits", type: "float", shape: [1, 10] },
      { name: "label", type: "int64", shape: [1] },
    ]);
    expect(graph.nodes.map(({ operator }) => operator)).to.deep.equal(["Gemm", "Relu", "Gemm", "ArgMax"]);
  });

  it("sorts nodes and knows every shape", () => {
    const graph = readOnnx(spoilt((proto) => proto.node.reverse()));
    expect(graph.nodes.map(({ operator }) => operator)).to.deep.equal(["MatMul", "Relu"]);
    expect(graph.values.get("h")).to.deep.equal({ type: "float", shape: [2, 2] });
  });

  it("reads every form of a tensor", () => {
    const raw = (array: ArrayBufferView) => ({ rawData: new Uint8Array(array.buffer) });
    const forms: [name: string, tensor: object, want: number[]][] = [
      ["float raw", { dataType: 1, ...raw(Float32Array.of(0.5, -1.5)) }, [0.5, -1.5]],
      ["float", { dataType: 1, floatData: [0.5, -1.5] }, [0.5, -1.5]],
      ["double raw", { dataType: 11, ...raw(Float64Array.of(0.1, -3)) }, [0.1, -3]],
      ["double", { dataType: 11, doubleData: [0.1, -3] }, [0.1, -3]],
      ["float16 raw", { dataType: 10, ...raw(Uint16Array.of(0x3800, 0xc200)) }, [0.5, -3]],
      ["float16", { dataType: 10, int32Data: [0x0001, 0x7bff] }, [2 ** -24, 65504]],
      ["int64 raw", { dataType: 7, ...raw(BigInt64Array.of(5n, -6n)) }, [5, -6]],
      ["int64", { dataType: 7, int64Data: [5, -6] }, [5, -6]],
      ["int32 raw", { dataType: 6, ...raw(Int32Array.of(5, -6)) }, [5, -6]],
      ["int32", { dataType: 6, int32Data: [5, -6] }, [5, -6]],
      ["int8 raw", { dataType: 3, ...raw(Int8Array.of(5, -6)) }, [5, -6]],
      ["int8", { dataType: 3, int32Data: [5, -6] }, [5, -6]],
      ["uint8 raw", { dataType: 2, ...raw(Uint8Array.of(5, 250)) }, [5, 250]],
      ["uint8", { dataType: 2, int32Data: [5, 250] }, [5, 250]],
      ["uint64 raw", { dataType: 13, ...raw(BigUint64Array.of(5n, 6n)) }, [5, 6]],
      ["uint32", { dataType: 12, uint64Data: [5, 4294967295] }, [5, 4294967295]],
      ["bool raw", { dataType: 9, ...raw(Uint8Array.of(0, 2)) }, [0, 1]],
      ["bool", { dataType: 9, int32Data: [0, 1] }, [0, 1]],
    ];
    for (const [name, tensor, want] of forms) {
      const bytes = spoilt((graph) => graph.initializer.push({ name: "extra", dims: [2], ...tensor } as never));
      expect(readOnnx(bytes).constants.get("extra")?.data, name).to.deep.equal(want);
    }
  });

  it("says which outputs are the same whatever the input", () => {
    const { notes } = readOnnx(buildModel({ ...plain, nodes: [{ op: "Relu", inputs: ["W"], outputs: ["y"] }] }));
    expect(notes).to.have.length(1);
    expect(notes[0]).to.match(/^output "y" does not depend on the input/);
  });

  it("sets open dimensions", () => {
    const open = buildModel({ ...plain, inputs: [{ name: "x", shape: ["N", "width"] }] });
    expect(reading(open)).to.throw(InputError, '--dim "width=N"');
    const graph = readOnnx(open, { dimensions: new Map([["width", 3]]) });
    expect(graph.inputs[0].shape).to.deep.equal([1, 3]);
    expect(graph.notes).to.have.length(1);
    expect(readOnnx(open, { batch: 4, dimensions: new Map([["width", 3]]) }).inputs[0].shape).to.deep.equal([4, 3]);
    expect(reading(open, { dimensions: new Map([["width", -3]]) })).to.throw(InputError, "not a positive integer");
    expect(
      reading(open, {
        dimensions: new Map([
          ["height", 3],
          ["width", 3],
        ]),
      }),
    ).to.throw(InputError, 'are: "N", "width"');
    expect(reading(buildModel(plain), { batch: 4 })).to.throw(InputError, "--batch 4: no input has an open first");
    const unnamed = buildModel({ ...plain, inputs: [{ name: "x", shape: [2, 0] }] });
    expect(reading(unnamed)).to.throw(InputError, '--dim "x.1=N"');
    expect(readOnnx(unnamed, { dimensions: new Map([["x.1", 3]]) }).inputs[0].shape).to.deep.equal([2, 3]);
  });

  it("takes names that JavaScript objects treat specially", () => {
    const graph = readOnnx(
      buildModel({
        inputs: [{ name: "__proto__", shape: [1, 2] }],
        outputs: [{ name: "constructor" }],
        nodes: [{ op: "Add", inputs: ["__proto__", "toString"], outputs: ["constructor"], name: "hasOwnProperty" }],
        constants: { toString: { dims: [2], data: [1, 2] } },
      }),
    );
    expect(graph.outputs[0]).to.deep.equal({ name: "constructor", type: "float", shape: [1, 2] });
  });

  describe("refuses with one line", () => {
    const spec = (change: Partial<ModelSpec>) => buildModel({ ...plain, ...change });
    const matMul = plain.nodes[0];
    const cases: [name: string, bytes: Uint8Array, message: RegExp][] = [
      ["nothing", new Uint8Array(), /not an ONNX model/],
      ["text", Buffer.from('{"input_data": [[1, 2]]}'), /not an ONNX model/],
      ["a truncated file", digits.subarray(0, 3000), /not an ONNX model/],
      ["appended bytes", Buffer.concat([digits, Buffer.from([0xfa, 0x07, 1, 65])]), /not an ONNX model/],
      ["external data", withTensor({ dims: [3, 2], dataType: 1, dataLocation: 1 }), /initializer "W".*another file/],
      ["missing elements", withTensor({ dims: [3, 2], dataType: 1, floatData: [1] }), /got 1 elements, want 6/],
      ["missing bytes", withTensor({ dims: [3, 2], dataType: 1, rawData: new Uint8Array(9) }), /got 9 bytes, want 24/],
      [
        "an unknown element type",
        withTensor({ dims: [1], dataType: 16, rawData: new Uint8Array(2) }),
        /type 16.*float16/,
      ],
      ["NaN", withTensor({ dims: [3, 2], dataType: 1, floatData: [1, NaN, 1, 1, 1, 1] }), /"W": element 1 is NaN/],
      [
        "infinity",
        withTensor({ dims: [3, 2], dataType: 1, floatData: [1, 1, -Infinity, 1, 1, 1] }),
        /element 2 is -Inf/,
      ],
      ["a vast shape", withTensor({ dims: [1 << 20, 1 << 20], dataType: 1 }), /more than \d+ elements/],
      ["a negative size", withTensor({ dims: [-3, 2], dataType: 1 }), /dimension -3/],
      ["no opset", encode({ ...modelObject(plain), opsetImport: [] }), /names no opset/],
      ["a new opset", spec({ opset: 99 }), /opset 99, want 7 to/],
      [
        "an unknown operator",
        spec({ nodes: [{ op: "Det", inputs: ["x"], outputs: ["y"] }] }),
        /"det".*Det.*Gemm.*Relu/,
      ],
      [
        "another domain",
        spoilt((graph) => Object.assign(graph.node[1], { domain: "com.microsoft" })),
        /"com\.microsoft\.Relu" is not supported/,
      ],
      [
        "an unknown attribute",
        spec({ nodes: [{ ...matMul, outputs: ["y"], attributes: { fast: 1 } }] }),
        /node "matmul" \(MatMul\) attribute "fast"/,
      ],
      ["an undefined operand", spec({ nodes: [{ ...matMul, inputs: ["x", "V"], outputs: ["y"] }] }), /operand "V"/],
      [
        "a cycle",
        spec({
          nodes: [
            { op: "Add", inputs: ["x", "b"], outputs: ["a"] },
            { op: "Relu", inputs: ["a"], outputs: ["b"] },
            { op: "Relu", inputs: ["b"], outputs: ["y"], name: "last" },
          ],
        }),
        /cycle/,
      ],
      [
        "a value defined twice",
        spec({ nodes: [matMul, { op: "Relu", inputs: ["h"], outputs: ["h"] }] }),
        /"h" is defined/,
      ],
      ["two inputs of one name", spec({ inputs: [plain.inputs[0], plain.inputs[0]] }), /input "x"/],
      ["an output that nothing computes", spec({ outputs: [{ name: "z" }] }), /output "z"/],
      ["no outputs", spec({ outputs: [] }), /no outputs/],
      ["too few operands", spec({ nodes: [{ ...matMul, inputs: ["x"], outputs: ["y"] }] }), /has 1 operands, want 2/],
      ["shapes that do not fit", spec({ inputs: [{ name: "x", shape: [2, 4] }] }), /A has 4 columns but B has 3 rows/],
      [
        "an input in half precision",
        spec({ inputs: [{ name: "x", shape: [2, 3], dataType: 10 }] }),
        /input "x": is of type float16.*weights only/,
      ],
      [
        "an output in half precision",
        spec({
          outputs: [{ name: "y", dataType: 10 }],
          nodes: [matMul, { op: "Cast", inputs: ["h"], outputs: ["y"], attributes: { to: 10 } }],
        }),
        /output "y": is of type float16.*weights only/,
      ],
      [
        "the greatest element of a scalar",
        spec({ inputs: [{ name: "x", shape: [] }], nodes: [{ op: "ArgMax", inputs: ["x"], outputs: ["y"] }] }),
        /node "argmax" \(ArgMax\): .*scalar/,
      ],
      ["a text input", spec({ inputs: [{ name: "x", shape: [2, 3], dataType: 8 }] }), /element type 8/],
      [
        "a constant that overflows",
        spec({
          nodes: [
            { op: "Div", inputs: ["W", "zero"], outputs: ["q"] },
            { op: "Add", inputs: ["x", "q"], outputs: ["y"] },
          ],
          constants: { W: { dims: [1], data: [1] }, zero: { dims: [1], data: [0], dataType: FLOAT } },
        }),
        /divides by zero/,
      ],
    ];
    for (const [name, bytes, message] of cases) {
      it(name, () => {
        expect(reading(bytes)).to.throw(InputError, message);
        expect(reading(bytes)).not.to.throw(/\n/);
      });
    }
  });

  describe("casts integers", () => {
    const INT8 = 3;
    const casting = (dataType: number, to: number, before: ModelSpec["nodes"] = []) =>
      reading(
        buildModel({
          inputs: [{ name: "x", shape: [2, 300], dataType }],
          outputs: [{ name: "y", dataType: to }],
          nodes: [
            ...before,
            { op: "Cast", inputs: [before.at(-1)?.outputs[0] ?? "x"], outputs: ["y"], attributes: { to } },
          ],
          constants: { list: { dims: [2], data: [3, 300], dataType: INT64 } },
        }),
      );

    it("where the new type holds what they may be", () => {
      expect(casting(2, 6)).not.to.throw();
      expect(casting(INT64, INT64)).not.to.throw();
      const turned: ModelSpec["nodes"] = [{ op: "Transpose", inputs: ["x"], outputs: ["t"] }];
      expect(casting(INT8, 5, turned)).not.to.throw();
      const label = (axis: number): ModelSpec["nodes"] => [
        { op: "ArgMax", inputs: ["x"], outputs: ["l"], attributes: { axis } },
      ];
      expect(casting(FLOAT, INT8, label(0))).not.to.throw();
      expect(casting(FLOAT, INT8, label(1))).to.throw(InputError, "may be 0 to 299, which does not fit -128 to 127");
    });

    it("nowhere else", () => {
      expect(casting(INT64, 6)).to.throw(InputError, /node "cast" \(Cast\): .*does not fit -2147483648 to 2147483647/);
      expect(casting(2, INT8)).to.throw(InputError, "may be 0 to 255, which does not fit -128 to 127");
      expect(casting(INT8, 2)).to.throw(InputError, "does not fit 0 to 255");
      const sum: ModelSpec["nodes"] = [{ op: "Add", inputs: ["x", "x"], outputs: ["s"] }];
      expect(casting(INT8, 5, sum)).not.to.throw();
      expect(casting(INT8, INT8, sum)).to.throw(InputError, "may be -256 to 254, which does not fit -128 to 127");
      expect(casting(INT64, 5, sum)).to.throw(InputError, "may be any integer");
      const constant: ModelSpec["nodes"] = [{ op: "Identity", inputs: ["list"], outputs: ["c"] }];
      expect(casting(INT8, 2, constant)).to.throw(
        InputError,
        "constant operand holds 300, which does not fit 0 to 255",
      );
    });
  });

  describe("never takes long or much memory (A5)", () => {
    const size = 1448;
    const ones = (dims: readonly number[]) => ({ dims, data: Array<number>(size).fill(1) });
    const node = (op: string, ...names: string[]) => ({
      op,
      name: names.at(-1)!,
      inputs: names.slice(0, -1),
      outputs: names.slice(-1),
    });
    const small = (nodes: ModelSpec["nodes"]) =>
      reading(
        buildModel({
          inputs: [{ name: "x", shape: [1, 1] }],
          outputs: [{ name: nodes.at(-1)!.outputs[0] }],
          nodes,
          constants: { column: ones([size, 1]), row: ones([1, size]) },
        }),
      );
    const wide = [node("Add", "x", "column", "tall"), node("Mul", "column", "row", "square")];

    it("over values that are too many together", () => {
      const spread = [wide[0], node("Add", "tall", "row", "v0")];
      const relus = [0, 1, 2].map((index) => node("Relu", `v${index}`, `v${index + 1}`));
      expect(small([...spread, ...relus])).to.throw(
        InputError,
        new RegExp(`^node "v1" \\(Relu\\): .* more than ${LIMITS.computedTotal} elements of values that depend`),
      );
      const inputs = Array.from({ length: 3 }, (_, index) => ({ name: `x${index}`, shape: [LIMITS.computed] }));
      const nodes = inputs.map(({ name }) => node("Relu", name, `${name}.y`));
      const outputs = nodes.map(({ outputs: [name] }) => ({ name }));
      expect(reading(buildModel({ inputs, outputs, nodes }))).to.throw(
        InputError,
        `brings the model to more than ${LIMITS.computedTotal} elements of values that depend on the input`,
      );
    });

    it("over products, computed or folded", () => {
      const limit = `more than ${LIMITS.products} multiplications`;
      const computed = [...wide, node("Add", "x", "row", "flat"), node("MatMul", "flat", "square", "y")];
      expect(small(computed)).not.to.throw();
      const twice = [...wide, node("MatMul", "square", "square", "power"), node("Add", "x", "power", "y")];
      expect(small(twice)).to.throw(InputError, new RegExp(`^node "power" \\(MatMul\\): .*${limit}`));
      const both = [...wide, node("Gemm", "square", "square", "power"), node("Add", "x", "power", "y")];
      expect(small(both)).to.throw(InputError, new RegExp(`^node "power" \\(Gemm\\): .*${limit}`));
    });

    it("over nodes that read much and give little", () => {
      const labels = Array.from({ length: 100 }, (_, index) => node("ArgMax", "square", `l${index}`));
      expect(small([...wide, ...labels, node("Identity", "tall", "y")])).to.throw(
        InputError,
        /^node "l\d+" \(ArgMax\): .*elements that nodes read/,
      );
    });
  });

  it("takes long chains of nodes", () => {
    const count = 20_000;
    const chain = buildModel({
      inputs: [{ name: "v0", shape: [2, 2] }],
      outputs: [{ name: `v${count}` }],
      nodes: Array.from({ length: count }, (_, index) => ({
        op: index % 2 === 0 ? "Transpose" : "Relu",
        inputs: [`v${index}`],
        outputs: [`v${index + 1}`],
      })),
    });
    expect(quantise(readOnnx(chain), { inputRange: [-1, 1] }).graph.kernels).to.have.length.within(count / 2, count);
    expect(reading(buildModel({ ...plain, nodes: Array(count + 1).fill(plain.nodes[1]) }))).to.throw(
      InputError,
      "nodes",
    );
  });
});
