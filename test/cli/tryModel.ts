import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { projectPath } from "../../src/paths.ts";
import type { TryReport } from "../../src/model/tryModel.ts";
import { buildModel, INT64, type ModelSpec } from "../fixtures/onnx/buildModel.ts";
import { runTollgate, type CommandResult } from "./runTollgate.ts";

describe("try", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-try-"));
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function tryModel(...args: string[]): Promise<CommandResult & { report: TryReport }> {
    const result = await runTollgate(folder, "try", ...args, "--json", "report.json");
    return { ...result, report: JSON.parse(await readFile(join(folder, "report.json"), "utf8")) };
  }

  it("takes the digits model from the file to a verified proof", async () => {
    const folderOfDigits = projectPath("circuits/models/digits-mlp");
    const { code, report } = await tryModel(
      join(folderOfDigits, "model.onnx"),
      "--input",
      join(folderOfDigits, "samples/input.json"),
    );
    expect(code).to.equal(0);
    expect(report).to.include({ ok: true, stage: "done", error: null, argmaxAgrees: true });
    expect(report.constraints?.total).to.be.at.most(2_000);
    expect(report.verifyGas).to.be.at.most(208_400);
    for (const seconds of Object.values(report.seconds)) expect(seconds).to.be.a("number");
  });

  it("works on a bare file that is no classifier, with the range of the rows given", async () => {
    await writeFile(
      join(folder, "layer.onnx"),
      buildModel({
        inputs: [{ name: "x", shape: [1, 3] }],
        outputs: [{ name: "y" }],
        nodes: [{ op: "Gemm", inputs: ["x", "w", "b"], outputs: ["y"] }],
        constants: {
          w: { dims: [3, 2], data: [1, -0.5, 0.25, 2, -1.5, 0.75] },
          b: { dims: [2], data: [0.1, -0.2] },
        },
      }),
    );
    await writeFile(join(folder, "in.json"), '{"input_data": [[0.5, -1, 0.125]], "output_data": [[9, 9]]}');
    const { code, stdout, report } = await tryModel("layer.onnx", "--input", "in.json");
    expect(stdout).to.match(/range .* from the rows given/);
    expect(report).to.include({ ok: true, stage: "done", error: null });
    expect(code).to.equal(0);
  });

  it("does not count an output that never changes", async () => {
    await writeFile(
      join(folder, "constant.onnx"),
      buildModel({
        inputs: [{ name: "x", shape: [1, 2] }],
        outputs: [{ name: "label", dataType: INT64 }],
        nodes: [
          { op: "Gemm", name: "g", inputs: ["x", "w", "b"], outputs: ["y"] },
          { op: "ArgMax", inputs: ["y"], outputs: ["label"], attributes: { axis: 1, keepdims: 0 } },
        ],
        constants: { w: { dims: [2, 2], data: [0.01, 0.02, 0.02, 0.01] }, b: { dims: [2], data: [100, 0] } },
      }),
    );
    await writeFile(join(folder, "in.json"), '{"input_data": [[0.5, 1]]}');
    const { code, report } = await tryModel("constant.onnx", "--input", "in.json");
    expect(report).to.include({ ok: false, stage: "done" });
    expect(report.error).to.match(/same for every input/);
    expect(report.verifyGas).to.be.a("number");
    expect(code).to.equal(1);
  });

  describe("on a layer", () => {
    const INT32 = 6;
    /** Writes layer.onnx, y = x · w + b, and in.json with the rows given. */
    async function writeLayer(rows: number[][], changes: Partial<ModelSpec> = {}): Promise<void> {
      const spec: ModelSpec = {
        inputs: [{ name: "x", shape: [1, 2] }],
        outputs: [{ name: "scores/y:0" }],
        nodes: [{ op: "Gemm", name: "g", inputs: ["x", "w", "b"], outputs: ["scores/y:0"] }],
        constants: { w: { dims: [2, 2], data: [1, -0.5, 0.25, 2] }, b: { dims: [2], data: [0.1, -0.2] } },
        ...changes,
      };
      await writeFile(join(folder, "layer.onnx"), buildModel(spec));
      await writeFile(join(folder, "in.json"), JSON.stringify({ input_data: rows }));
    }

    it("tells each stage once, and nothing on standard error", async () => {
      await writeLayer([[0.5, -1]]);
      const { code, stdout, stderr, report } = await tryModel("layer.onnx", "--input", "in.json");
      expect(report).to.include({ ok: true, error: null });
      expect(code).to.equal(0);
      expect(stderr).to.equal("");
      for (const stage of ["read", "witness"]) {
        expect(stdout.match(new RegExp(`✔ ${stage}`, "g")), stdout).to.have.length(1);
      }
    });

    it("takes the classifier by its ONNX name", async () => {
      await writeLayer([[0.5, -1]]);
      const { report } = await tryModel("layer.onnx", "--input", "in.json", "--classifier", "scores/y:0");
      expect(report).to.include({ ok: true, argmaxAgrees: true });
    });

    it("refuses a classifier that is no output, or has nothing to choose from, while reading", async () => {
      await writeLayer([[0.5, -1]]);
      const typo = await tryModel("layer.onnx", "--input", "in.json", "--classifier", "y");
      expect(typo.report).to.include({ ok: false, stage: "read" });
      expect(typo.report.error).to.equal('--classifier "y": no such output, want one of "scores/y:0"');
      expect(typo.code).to.equal(2);
      await writeLayer([[0.5, -1]], {
        constants: { w: { dims: [2, 1], data: [1, -0.5] }, b: { dims: [1], data: [0.1] } },
      });
      const single = await tryModel("layer.onnx", "--input", "in.json", "--classifier", "scores/y:0");
      expect(single.report.stage).to.equal("read");
      expect(single.report.error).to.match(/rows of one element/);
    });

    it("refuses an input out of range before it compiles, whichever sample it is in", async () => {
      await writeLayer([
        [0.5, -1],
        [0.5, 7],
      ]);
      const { code, report } = await tryModel("layer.onnx", "--input", "in.json", "--input-range=-1,1");
      expect(report).to.include({ ok: false, stage: "quantise", constraints: null });
      expect(report.error).to.match(/x\[1\]: 7 is out of range/);
      expect(code).to.equal(2);
    });

    it("refuses a fraction for an integer input while reading", async () => {
      await writeLayer([[1.5, -1]], {
        inputs: [{ name: "x", shape: [1, 2], dataType: INT32 }],
        nodes: [
          { op: "Cast", name: "c", inputs: ["x"], outputs: ["f"], attributes: { to: 1 } },
          { op: "Gemm", name: "g", inputs: ["f", "w", "b"], outputs: ["scores/y:0"] },
        ],
      });
      const { code, report } = await tryModel("layer.onnx", "--input", "in.json");
      expect(report).to.include({ ok: false, stage: "read" });
      expect(report.error).to.match(/\("x"\)\[0\]: got 1\.5, want an integer/);
      expect(code).to.equal(2);
    });

    it("compares nothing with a float model that onnxruntime refuses, and verifies the proof all the same", async () => {
      await writeLayer([[0.5, -1]], {
        nodes: [
          { op: "Gemm", name: "same", inputs: ["x", "w", "b"], outputs: ["h"] },
          { op: "Relu", name: "same", inputs: ["h"], outputs: ["scores/y:0"] },
        ],
      });
      const { code, report } = await tryModel("layer.onnx", "--input", "in.json");
      expect(report).to.include({ ok: false, stage: "done", maxAbsError: null, maxRelError: null, argmaxAgrees: null });
      expect(report.error).to.match(/^nothing was compared: float model: onnxruntime refuses it: .*same/);
      expect(report.verifyGas).to.be.a("number");
      expect(code).to.equal(1);
    });

    it("takes the range from the rows and not from samples of another model's folder", async () => {
      await writeLayer([[0.5, -1]]);
      await mkdir(join(folder, "samples"));
      await writeFile(join(folder, "samples", "calibration.json"), '{"input_data": [[1, 2, 3]]}');
      const bare = await tryModel("layer.onnx", "--input", "in.json");
      expect(bare.report).to.include({ ok: true });
      expect(bare.stdout).to.match(/input x: range -1 to 0\.5 from the rows given/);
      await rename(join(folder, "layer.onnx"), join(folder, "model.onnx"));
      await writeFile(join(folder, "model.json"), '{"name": "layer", "title": "A layer", "inputs": {}}');
      const inFolder = await tryModel(".", "--input", "in.json");
      expect(inFolder.report.error).to.match(
        /samples\/calibration\.json: input_data row 0 \("x"\): got 3 numbers, want 2/,
      );
      expect(inFolder.code).to.equal(2);
      await writeFile(join(folder, "samples", "calibration.json"), '{"input_data": [[0.1, 0.2]]}');
      const calibrated = await tryModel(".", "--input", "in.json");
      expect(calibrated.stdout).to.match(/input x: range -1 to 0\.5 from the rows given/);
      expect(calibrated.report).to.include({ ok: true });
    });
  });

  it("writes the report of a failure too, unreached figures null", async () => {
    await writeFile(join(folder, "broken.onnx"), "no model");
    await writeFile(join(folder, "in.json"), '{"input_data": [[1]]}');
    const { code, report } = await tryModel("broken.onnx", "--input", "in.json");
    expect(code).to.equal(2);
    expect(report).to.include({ ok: false, stage: "read", constraints: null, zkeyBytes: null, verifyGas: null });
    expect(report.error).to.match(/ONNX/);
    expect(Object.values(report.seconds).every((seconds) => seconds === null)).to.equal(true);
  });

  it("stops before compiling what is above --max-power", async () => {
    const input = projectPath("circuits/models/digits-mlp/samples/input.json");
    const { code, report } = await tryModel("digits-mlp", "--input", input, "--max-power", "9");
    expect(code).to.equal(2);
    expect(report).to.include({ ok: false, stage: "quantise" });
    expect(report.constraints).to.include({ domainPower: 11 });
    expect(report.error).to.match(/largest layer is input commitment/);
  });
});
