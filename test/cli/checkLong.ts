import { tmpdir } from "node:os";
import { expect } from "chai";
import { GATES } from "../../src/gates/gate.ts";
import { argumentsOf, runGate } from "../../src/gates/runGate.ts";
import { runScript } from "./runTollgate.ts";

const checkLong = (...args: string[]) => runScript("checkLong", tmpdir(), ...args);
const gateCalled = (name: string) => GATES.find((gate) => gate.name === name)!;

describe("check:long", () => {
  it("runs every gate whatever fails, streams what they print, and ends with a table and exit code 1", async () => {
    // No verifier can be shown 0 proofs: the command refuses, and the gate behind it runs all the same.
    const counts = ["--count", "verifier=0", "--count", "onnx=20"];
    const { code, stdout, stderr } = await checkLong("--only", "verifier", "onnx", ...counts);
    expect(code).to.equal(1);
    expect(stderr).to.match(/--proofs <count>' argument '0' is invalid/);
    expect(stdout).to.match(/ {2}20 mutants: \d+ accepted, \d+ refused, 0 faults/);
    const [head, ...rows] = stdout.slice(stdout.indexOf("  gate")).trimEnd().split("\n");
    expect(head.trim().split(/ {2,}/)).to.deep.equal(["gate", "result", "figure", "minutes"]);
    expect(rows.map((row) => row.trim().split(/ {2,}/).slice(0, 3))).to.deep.equal([
      ["verifier", "FAIL", "exit code 2"],
      ["onnx", "pass", "20 damaged files, 0 faults"],
    ]);
  });

  it("passes when all gates pass, and says what a rehearsal is", async () => {
    const { code, stdout } = await checkLong("--only", "onnx", "--quick", "--count", "onnx=5");
    expect(stdout).to.include("5 damaged files, 0 faults").and.to.include("A rehearsal");
    expect(code).to.equal(0);
  });

  it("takes no process for a pass that ends well and leaves no figures", async () => {
    const silent = { ...gateCalled("onnx"), command: ["--eval", "0", "--"] };
    const { passed, figure } = await runGate(silent, argumentsOf(silent, false));
    expect(passed).to.equal(false);
    expect(figure).to.match(/^no figures: ENOENT/);
  });

  it("refuses a gate or a count that does not exist", async () => {
    const unknown = await checkLong("--only", "everything");
    expect(unknown.code).to.equal(2);
    expect(unknown.stderr).to.match(/^error: gate everything: there is none of this name, want one of onnx, .*\n$/);
    const uncountable = await checkLong("--count", "contracts=5");
    expect(uncountable.code).to.equal(2);
    expect(uncountable.stderr).to.match(/contracts takes no count\.\n$/);
  });

  it("gives each gate its own counts, smaller ones to rehearse, and the user's", () => {
    expect(argumentsOf(gateCalled("verifier"), false)).to.deep.equal(["scripts/fuzz.ts", "verifier"]);
    expect(argumentsOf(gateCalled("verifier"), true).slice(2)).to.deep.equal(["--proofs", "400"]);
    expect(argumentsOf(gateCalled("contract-mutants"), false, "300").slice(3)).to.deep.equal(["--sample", "300"]);
    expect(argumentsOf(gateCalled("contracts"), true).slice(2)).to.deep.equal(["--quick"]);
    expect(argumentsOf(gateCalled("audit"), true).slice(1)).to.deep.equal(["audit", "digits-mlp"]);
  });

  it("reads the figure of every gate, and takes no other command's figures for it", () => {
    const row = { link: "a", recomputed: "0x", compared: "b", claimed: "0x", ok: true };
    const rows = [row, { ...row, ok: false }];
    const audited = {
      ok: false,
      tools: {},
      trusted: [],
      models: [{ model: "m", setup: "dealer", network: null, ok: false, rows }],
    };
    const figures: Record<string, [json: object, figure: string]> = {
      onnx: [{ judged: 200_000, faults: 1 }, "200,000 damaged files, 1 faults"],
      verifier: [
        { judged: 1000, disagreements: 2, sound: 125, valid: 40 },
        "1,000 proofs (12.5 % sound, 4.0 % valid), 2 disagreements",
      ],
      contracts: [
        { passed: 40, failed: 0, runs: 10_000, invariantRuns: 1000 },
        "40 tests passed, 0 failed; 10,000 runs a property; 1,000 an invariant",
      ],
      accounting: [{ properties: 8, proved: 8, refuted: 7 }, "8 of 8 properties proved, 7 refuted when broken"],
      audit: [audited, "1 models, 1 of 2 comparisons equal"],
      chaos: [{ rpc: { violations: ["one"] }, idle: { violations: [] } }, "2 parts of agents, 1 violations"],
      "circuit-mutants": [
        { mutants: 90, counted: 50, killed: 49, unexplained: 1 },
        "90 mutants, 49 of 50 killed (98.0 %), 1 survivors not explained",
      ],
    };
    for (const [name, [json, figure]] of Object.entries(figures)) {
      expect(gateCalled(name).figureOf(json)).to.equal(figure);
      expect(() => gateCalled(name).figureOf({ cases: 3 })).to.throw();
    }
  });
});
