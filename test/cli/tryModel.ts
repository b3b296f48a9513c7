import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { projectPath } from "../../src/paths.ts";
import type { TryReport } from "../../src/model/tryModel.ts";
import { buildModel, INT64 } from "../fixtures/onnx/buildModel.ts";
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
