import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { dealerSetup } from "../../src/setup/dealer.ts";
import { compileCircuit } from "../../src/circom/compile.ts";
import { projectPath } from "../../src/paths.ts";
import { buildModel } from "../fixtures/onnx/buildModel.ts";
import { runTollgate } from "./runTollgate.ts";

const DIGITS = projectPath("circuits/models/digits-mlp");
const CACHE = projectPath("build/cache");

/** A layer of two inputs and two outputs, changed by the test. */
const layer = (changes: { op?: string; shape?: (number | string)[]; weight?: number } = {}): Uint8Array =>
  buildModel({
    inputs: [{ name: "x", shape: changes.shape ?? [1, 2] }],
    outputs: [{ name: "y" }],
    nodes: [{ op: changes.op ?? "MatMul", name: "first", inputs: ["x", "w"], outputs: ["y"] }],
    constants: { w: { dims: [2, 2], data: [changes.weight ?? 1, 0.5, -0.25, 2] } },
  });

describe("bad input on the command line", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-cli-"));
    await cp(join(DIGITS, "samples", "input.json"), join(folder, "digit.json"));
    await writeFile(join(folder, "two.json"), '{"input_data": [[0.5, 1]]}');
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** Expects one line that matches, exit code 2, no stack trace, and no file but those that were there. */
  async function expectRefusal(message: RegExp, ...args: string[]): Promise<void> {
    const present = await readdir(folder);
    const { code, stderr } = await runTollgate(folder, ...args);
    const errors = stderr.split("\n").filter((line) => line.startsWith("error:"));
    expect(errors, stderr).to.have.length(1);
    expect(errors[0]).to.match(message);
    expect(stderr).not.to.match(/^\s+at /m);
    expect(code).to.equal(2);
    expect(await readdir(folder)).to.deep.equal(present);
  }

  it("names a file that is not there", () =>
    expectRefusal(/missing\.onnx: no such file/, "compile", "missing.onnx", "--out", "out"));

  it("names a file that is not ONNX, and one that is truncated", async () => {
    await writeFile(join(folder, "text.onnx"), "this is not a model");
    await expectRefusal(/text\.onnx: .*ONNX/, "compile", "text.onnx", "--out", "out");
    const whole = await readFile(join(DIGITS, "model.onnx"));
    await writeFile(join(folder, "half.onnx"), whole.subarray(0, whole.length / 2));
    await expectRefusal(/half\.onnx: /, "compile", "half.onnx", "--out", "out");
  });

  it("names an operator that is not supported, its node, and what is", async () => {
    await writeFile(join(folder, "op.onnx"), layer({ op: "GridSample" }));
    await expectRefusal(
      /first.*GridSample.*not supported.*Gemm/,
      "compile",
      "op.onnx",
      "--input-range=0,1",
      "--out",
      "out",
    );
  });

  it("says which option sets a dynamic shape", async () => {
    await writeFile(join(folder, "dynamic.onnx"), layer({ shape: [1, "width"] }));
    await expectRefusal(/width.*--dim "?width=N/, "compile", "dynamic.onnx", "--input-range=0,1", "--out", "out");
  });

  it("refuses weights that are not numbers", async () => {
    await writeFile(join(folder, "nan.onnx"), layer({ weight: NaN }));
    await expectRefusal(/NaN/, "compile", "nan.onnx", "--input-range=0,1", "--out", "out");
  });

  it("refuses inputs of a wrong length, out of range, and in a wrong form", async () => {
    await expectRefusal(/want 64/, "prove", "digits-mlp", "--input", "two.json", "--out", "claim.json");
    await writeFile(join(folder, "big.json"), JSON.stringify({ input_data: [Array(64).fill(17)] }));
    await expectRefusal(/out of range, want 0 to 16/, "prove", "digits-mlp", "--input", "big.json");
    await writeFile(join(folder, "form.json"), '{"inputs": 3}');
    await expectRefusal(/form\.json: input_data/, "prove", "digits-mlp", "--input", "form.json");
  });

  it("refuses a circuit above --max-power and names the largest layer", () =>
    expectRefusal(/2\^11.*--max-power.*input commitment/, "compile", "digits-mlp", "--max-power", "10"));

  it("refuses a key of another circuit", async () => {
    const mainPath = projectPath("test/fixtures/threeConstraints.circom");
    const { r1csPath } = await compileCircuit({ mainPath, libraries: [], cacheRoot: CACHE });
    const { zkeyPath } = await dealerSetup({ r1csPath, cacheRoot: CACHE });
    await expectRefusal(/key of another circuit/, "prove", "digits-mlp", "--input", "digit.json", "--zkey", zkeyPath);
  });

  it("refuses a network that does not exist, and one where nothing answers", async () => {
    await expectRefusal(/network nowhere: unknown/, "deploy", "--network", "nowhere");
    // Nobody listens on the port for discarding; a development node of the reader's may on the one of localhost.
    const variables = { SEPOLIA_RPC_URL: "http://127.0.0.1:9", SEPOLIA_DEPLOYER_KEY: `0x${"11".repeat(32)}` };
    Object.assign(process.env, variables);
    await expectRefusal(/network sepolia: nothing answers/, "deploy", "--network", "sepolia", "--dry-run");
    for (const name of Object.keys(variables)) delete process.env[name];
  });

  it("says in one line, and without control characters, what a file with line breaks and escapes does wrong", async () => {
    await writeFile(join(folder, "lines.json"), '{\n "input_data":\n nope \u001b[31m\n}');
    await expectRefusal(/lines\.json: not JSON/, "prove", "digits-mlp", "--input", "lines.json");
  });

  it("refuses files that cannot be read or written", async () => {
    await expectRefusal(/cannot be written \(EISDIR\)/, "prove", "digits-mlp", "--input", "digit.json", "--out", ".");
    await expectRefusal(/digit\.json: cannot be written/, "compile", "digits-mlp", "--out", "digit.json");
    await expectRefusal(/cannot be read/, "prove", "digits-mlp", "--input", ".");
  });

  it("refuses options that are not numbers or not there", async () => {
    await expectRefusal(/--max-power.*positive integer/, "compile", "digits-mlp", "--max-power", "-1");
    await expectRefusal(/unknown option/, "compile", "digits-mlp", "--nothing");
    await expectRefusal(/--digit: got 9999/, "demo", "--digit", "9999");
  });

  describe("a claim", () => {
    let claim: Record<string, unknown> & { proof: { pi_a: string[] }; words: string[] };

    before(async () => {
      const shared = await mkdtemp(join(tmpdir(), "tollgate-claim-"));
      const path = join(shared, "claim.json");
      const { code, stderr } = await runTollgate(
        shared,
        "prove",
        "digits-mlp",
        "--input",
        join(DIGITS, "samples", "input.json"),
        "--out",
        path,
      );
      expect(code, stderr).to.equal(0);
      claim = JSON.parse(await readFile(path, "utf8"));
      await rm(shared, { recursive: true });
    });

    it("is accepted as it is", async () => {
      await writeFile(join(folder, "claim.json"), JSON.stringify(claim));
      const { code, stdout } = await runTollgate(folder, "verify", "digits-mlp", "claim.json");
      expect(code).to.equal(0);
      expect(stdout)
        .to.match(/JavaScript: valid/)
        .and.match(/in-process EVM: valid \([\d,]+ gas\)/);
      expect(stdout).to.match(/label: 6/);
    });

    for (const [name, spoil, message] of [
      ["hex", (c: typeof claim) => (c.proof.pi_a[0] = "0x1f"), /proof\.pi_a/],
      ["a negative number", (c: typeof claim) => (c.proof.pi_a[0] = "-1"), /proof\.pi_a/],
      ["a leading zero", (c: typeof claim) => (c.proof.pi_a[0] = `0${c.proof.pi_a[0]}`), /proof\.pi_a/],
      ["an oversized number", (c: typeof claim) => (c.proof.pi_a[0] = "9".repeat(80)), /proof\.pi_a/],
      ["a missing number", (c: typeof claim) => c.proof.pi_a.pop(), /proof\.pi_a/],
      ["an oversized word", (c: typeof claim) => (c.words[0] = String(2n ** 253n)), /words\[0\]/],
      ["a word too many", (c: typeof claim) => c.words.push("0"), /words: got 2, want 1/],
      ["another key", (c: typeof claim) => (c.keyId = `0x${"1".repeat(64)}`), /under the key/],
      ["another output", (c: typeof claim) => (c.words[0] = String(BigInt(c.words[0]) ^ 1n)), /does not show/],
    ] as const) {
      it(`is refused with ${name}`, async () => {
        const spoilt = structuredClone(claim);
        spoil(spoilt);
        await writeFile(join(folder, "claim.json"), JSON.stringify(spoilt));
        await expectRefusal(message, "verify", "digits-mlp", "claim.json");
      });
    }
  });
});
