import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { buildModel } from "../fixtures/onnx/buildModel.ts";
import { runTollgate } from "./runTollgate.ts";

describe("a model of one's own, from the file to verified claims", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-own-"));
    const layer = (dims: [number, number], factor: number) => ({
      dims,
      data: Array.from({ length: dims[0] * dims[1] }, (_, index) => factor * (((index * 7) % 11) - 5)),
    });
    await writeFile(
      join(folder, "own.onnx"),
      buildModel({
        inputs: [{ name: "x", shape: [1, 4] }],
        outputs: [{ name: "y" }],
        nodes: [
          { op: "MatMul", name: "first", inputs: ["x", "w1"], outputs: ["a"] },
          { op: "Relu", name: "relu", inputs: ["a"], outputs: ["b"] },
          { op: "MatMul", name: "second", inputs: ["b", "w2"], outputs: ["y"] },
        ],
        constants: { w1: layer([4, 6], 0.1), w2: layer([6, 3], 0.2) },
      }),
    );
    await writeFile(join(folder, "one.json"), '{"input_data": [[0.5, -0.25, 0.125, 1]]}');
    await writeFile(join(folder, "two.json"), '{"input_data": [[-1, 0.75, 0.3, -0.6]]}');
  });

  after(() => rm(folder, { recursive: true }));

  async function run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runTollgate(folder, ...args);
    expect(code, stderr).to.equal(0);
    return stdout;
  }

  it("keeps one key whatever is proven, so that anybody can verify without the input", async () => {
    const range = "--input-range=-1,1";
    await run("setup", "own.onnx", range, "--out", "key");
    const { keyId } = JSON.parse(await readFile(join(folder, "key", "lock.json"), "utf8")) as { keyId: string };
    for (const input of ["one", "two"]) {
      const claim = `${input}.claim`;
      await run("prove", "own.onnx", range, "--input", `${input}.json`, "--out", claim, "--zkey", "key/Own.zkey");
      const written = JSON.parse(await readFile(join(folder, claim), "utf8")) as { keyId: string };
      expect(written.keyId).to.equal(keyId);
      expect((await stat(join(folder, `${claim}.opening`))).mode & 0o077).to.equal(0);
      const said = await run("verify", "own.onnx", claim, range, "--vkey", "key/vkey.json");
      expect(said).to.match(/in-process EVM: valid/);
    }
  });

  it("asks for a range rather than take it from the input that is proven", async () => {
    const { code, stderr } = await runTollgate(folder, "prove", "own.onnx", "--input", "one.json", "--out", "no.claim");
    expect(code).to.equal(2);
    expect(stderr).to.match(/range is not known.*--input-range/);
  });

  it("takes ranges and scales from a calibration file", async () => {
    await run("prove", "own.onnx", "--calibration", "two.json", "--input", "two.json", "--out", "calibrated.claim");
    await run("verify", "own.onnx", "calibrated.claim", "--calibration", "two.json");
  });
});

describe("demo", () => {
  it("writes the figures of the story, the second time from the cache", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tollgate-demo-"));
    const reports: Record<string, unknown>[] = [];
    for (const name of ["first.json", "second.json"]) {
      const { code, stderr } = await runTollgate(folder, "demo", "--digit", "12", "--json", name);
      expect(code, stderr).to.equal(0);
      reports.push(JSON.parse(await readFile(join(folder, name), "utf8")));
    }
    await rm(folder, { recursive: true });
    const [, report] = reports;
    const keys = "model expectedLabel label constraints seconds cached gas paid toll refunded cheats";
    expect(report).to.have.all.keys(keys.split(" "));
    expect(report).to.include({ cached: true, paid: "1990000", toll: "10000", refunded: "2000000" });
    expect(report.label).to.equal(report.expectedLabel);
    expect(report.gas).to.have.all.keys("verify", "open", "settle", "refund");
    expect(report.cheats).to.have.length(6);
  });
});
