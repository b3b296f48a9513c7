import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { CompiledCircuit } from "../../src/circom/compile.ts";
import { compileCircuit } from "../../src/circom/compile.ts";
import { InputError } from "../../src/errors.ts";
import { SCALAR_ORDER } from "../../src/field.ts";
import type { Prover } from "../../src/groth16/prover.ts";
import { createProver } from "../../src/groth16/prover.ts";
import { verifyProof } from "../../src/groth16/verify.ts";
import type { Inputs } from "../../src/groth16/witness.ts";
import { projectPath } from "../../src/paths.ts";
import type { DealerSetup } from "../../src/setup/dealer.ts";
import { dealerSetup } from "../../src/setup/dealer.ts";

const SOURCE = "test/fixtures/threeConstraints.circom";
const cacheRoot = projectPath("build/cache");

describe("prover", () => {
  let folder: string;
  let circuit: CompiledCircuit;
  let setup: DealerSetup;
  let prover: Prover;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-prover-"));
    circuit = await compileCircuit({ mainPath: projectPath(SOURCE), libraries: [], cacheRoot });
    setup = await dealerSetup({ r1csPath: circuit.r1csPath, cacheRoot });
    prover = await createProver({ ...circuit, ...setup });
  });

  after(async () => {
    await prover.close();
    await rm(folder, { recursive: true });
  });

  /** The three constraints' circuit with one piece of its text changed. */
  async function compileVariant(name: string, from: string, to: string): Promise<CompiledCircuit> {
    const source = await readFile(projectPath(SOURCE), "utf8");
    expect(source).to.include(from);
    const mainPath = join(folder, `${name}.circom`);
    await writeFile(mainPath, source.replace(from, to));
    return compileCircuit({ mainPath, libraries: [], cacheRoot: folder });
  }

  async function expectInputError(attempt: Promise<unknown>, message: string): Promise<void> {
    const error = await attempt.then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(error).to.be.instanceOf(InputError);
    expect((error as InputError).message)
      .to.include(message)
      .and.not.include("\n");
  }

  it("proves from inputs and from a witness, negative values included", async () => {
    const fromInputs = await prover.prove({ x: 2n, y: -3n, z: [4n] });
    expect(fromInputs.signals).to.deep.equal([SCALAR_ORDER - 6n, 16n, SCALAR_ORDER - 110n]);
    const fromWitness = await prover.prove(await prover.witness({ x: 2n, y: -3n, z: 4n }));
    expect(fromWitness.signals).to.deep.equal(fromInputs.signals);
    expect(fromWitness.seconds.witness).to.equal(0);
    expect(verifyProof(prover.vkey, fromInputs.signals, fromWitness.proof)).to.equal(true);
    expect(fromWitness.proof, "proofs are blinded").to.not.deep.equal(fromInputs.proof);
  });

  it("serves calls at the same time", async () => {
    const results = await Promise.all([1n, 2n, 3n].map((x) => prover.prove({ x, y: 1n, z: 0n })));
    expect(results.map(({ signals }) => signals[0])).to.deep.equal([1n, 2n, 3n]);
  });

  it("names what is wrong with the inputs", async () => {
    const good = { x: 1n, y: 2n, z: 3n };
    const cases: [Inputs, string][] = [
      [{ x: 1n, y: 2n }, "inputs.z: missing"],
      [{ ...good, w: 1n }, "inputs.w: no such input signal; the circuit's are x, y, z"],
      [{ ...good, product: 1n }, "inputs.product: no such input signal"],
      [{ ...good, y: [1n, 2n] }, "inputs.y: want 1 values, got 2"],
      [{ ...good, y: [] }, "inputs.y: want 1 values, got 0"],
      [{ ...good, x: SCALAR_ORDER }, "inputs.x: want bigints between -r and r"],
      [{ ...good, x: 1 as unknown as bigint }, "inputs.x: want bigints between -r and r, got 1"],
    ];
    for (const [inputs, message] of cases) await expectInputError(prover.witness(inputs), message);
  });

  it("reports inputs that have no witness, and goes on", async () => {
    const picky = await compileVariant("picky", "square <== z * z;", "square <== z * z; x === 1;");
    const picker = await createProver({ ...picky, ...(await dealerSetup({ ...picky, cacheRoot: folder })) });
    try {
      const failing = picker.witness({ x: 2n, y: 0n, z: 0n });
      await expectInputError(failing, "inputs: no witness: a constraint or assertion fails");
      expect((await picker.prove({ x: 1n, y: 5n, z: 0n })).signals[0]).to.equal(5n);
    } finally {
      await picker.close();
    }
    expect((await prover.prove({ x: 1n, y: 5n, z: 0n })).signals[0], "other provers keep their workers").to.equal(5n);
  });

  it("returns no proof of a witness that breaks a constraint", async () => {
    const witness = await prover.witness({ x: 6n, y: 7n, z: 0n });
    const forged = Uint8Array.from(witness);
    const product = 76 + 32; // wire 1, after the file's 76 bytes of headers
    expect(forged[product]).to.equal(42);
    forged[product] = 43;
    const error: unknown = await prover.prove(forged).catch((caught: unknown) => caught);
    expect((error as Error).message).to.equal("the proof does not verify: the witness breaks a constraint");
  });

  it("refuses a key of another circuit", async () => {
    const larger = await compileVariant("larger", "signal input z;", "signal input z; signal u <== x * z;");
    const otherSize = await dealerSetup({ ...larger, cacheRoot: folder });
    await expectInputError(createProver({ ...circuit, ...otherSize }), "a key of another circuit: 8 wires");
    const similar = await compileVariant("similar", "(product + 1)", "(product + 2)");
    const sameSize = await dealerSetup({ ...similar, cacheRoot: folder });
    await expectInputError(createProver({ ...circuit, ...sameSize }), "its coefficients are not");
    await expectInputError(createProver({ ...circuit, ...setup, wasmPath: larger.wasmPath }), "compile both together");
    await expectInputError(createProver({ ...circuit, ...setup, zkeyPath: circuit.r1csPath }), "not a .zkey file");
    const truncated = join(folder, "truncated.zkey");
    await writeFile(truncated, (await readFile(setup.zkeyPath)).subarray(0, -1));
    await expectInputError(createProver({ ...circuit, ...setup, zkeyPath: truncated }), "truncated .zkey file");
  });
});
