import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Journal } from "../../src/agent/journal/journal.ts";
import type { SellableModel } from "../../src/agent/provider/offer.ts";
import { proveExternally, type ExternalTask } from "../../src/agent/proving/externalProver.ts";
import { createJournalQueue, PROVING_SCHEMA } from "../../src/agent/proving/journalQueue.ts";
import { startProvingPool, type ProvingPoolOptions } from "../../src/agent/proving/workerPool.ts";
import { InputError } from "../../src/errors.ts";
import { createProver, type Prover } from "../../src/groth16/prover.ts";
import { verifyProof } from "../../src/groth16/verify.ts";
import { infer } from "../../src/model/infer.ts";
import { witnessOf } from "../../src/model/proveInference.ts";
import { isProofOf, MODEL, sellableDigits, taskOf } from "./provingFixture.ts";

describe("an external prover", () => {
  let folder: string;
  let model: SellableModel;
  let prover: Prover;
  let task: ExternalTask;
  let other: ExternalTask;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-external-test-"));
    model = await sellableDigits();
    prover = await createProver(model);
    [task, other] = [await externalTask(0), await externalTask(1)];
  });
  after(async () => {
    await prover.close();
    await rm(folder, { recursive: true });
  });

  async function externalTask(digit: number): Promise<ExternalTask> {
    const { opening, subject } = await taskOf(model, digit);
    const inference = infer(model.graph, opening.inputs, opening.salt);
    const { bytes, signals } = await witnessOf(prover, model.keyId, inference, subject);
    return { zkeyPath: model.zkeyPath, vkey: model.vkey, witness: bytes, signals };
  }

  /** Writes a program whose arguments are `zkey`, `witness`, `proof` and `publicSignals`. */
  async function program(name: string, text: string): Promise<string> {
    const path = join(folder, `${name}.mjs`);
    const start = `#!${process.execPath}\nimport { readFileSync, statSync, writeFileSync } from "node:fs";
      const [, , zkey, witness, proof, publicSignals] = process.argv;\n`;
    await writeFile(path, start + text, { mode: 0o755 });
    return path;
  }

  /** snarkjs as a program that writes what rapidsnark writes, which names no curve. */
  const realProver = (witness: string) => `
    const { groth16 } = await import("${import.meta.resolve("snarkjs")}");
    const result = await groth16.prove(zkey, ${witness});
    delete result.proof.curve;
    writeFileSync(proof, JSON.stringify(result.proof));
    writeFileSync(publicSignals, JSON.stringify(result.publicSignals));
    process.exit(0);`;

  const run = async (path: string, seconds = 60) => {
    const scratch = await mkdtemp(join(folder, "scratch-"));
    const result = await proveExternally({ path, folder: scratch, seconds }, task).catch((error: unknown) => error);
    expect(readdirSync(scratch)).to.deep.equal([]);
    return result;
  };

  it("proves with rapidsnark's command line, in a folder that is its user's alone", async () => {
    const seen = join(folder, "seen.json");
    const look = `const modes = [statSync("."), statSync(witness)].map(({ mode }) => mode & 0o777);
      writeFileSync("${seen}", JSON.stringify(modes));`;
    const proof = await run(await program("real", look + realProver("witness")));
    expect(verifyProof(model.vkey, task.signals, proof as never)).to.equal(true);
    expect(JSON.parse(readFileSync(seen, "utf8"))).to.deep.equal([0o700, 0o600]);
  });

  it("is not believed where it fails, hangs, or writes anything else than a proof of the witness", async () => {
    const wtns = join(folder, "other.wtns");
    await writeFile(wtns, other.witness);
    const real = realProver(JSON.stringify(wtns));
    const passedOff = real.replace("result.publicSignals", JSON.stringify(task.signals.map(String)));
    const programs: [text: string, message: RegExp][] = [
      ["process.exit(1);", /^it ended with 1$/],
      ["process.kill(process.pid, 'SIGSEGV');", /^it ended with SIGSEGV$/],
      ["", /^it wrote 0 bytes for a proof, want 1 to 16384$/],
      ["writeFileSync(proof, 'garbage');", /^what it wrote is not JSON$/],
      ["writeFileSync(proof, '{}');", /^proof.pi_a: missing$/],
      ["writeFileSync(proof, '0'.repeat(20_000));", /^it wrote 20000 bytes/],
      [real, /^its proof is of other public signals$/],
      [passedOff, /^its proof does not verify$/],
    ];
    for (const [index, [text, message]] of programs.entries())
      expect(await run(await program(`wrong${index}`, text)))
        .to.be.an("error")
        .with.property("message")
        .that.matches(message);
    expect(await run(await program("hangs", "setInterval(() => {}, 1000);"), 0.5))
      .to.be.an("error")
      .with.property("message", "it took more than 0.5 seconds");
    expect(await run(join(folder, "missing")))
      .to.be.an("error")
      .with.property("message", "it cannot be run (ENOENT)");
  });

  it("is used by the pool until it fails; then the built-in prover proves, and the log says so once", async () => {
    const [used, broken] = [join(folder, "used"), join(folder, "broken")];
    const path = await program(
      "pool",
      `writeFileSync("${used}", String(process.env.TOLLGATE_TEST_SECRET));
       if (statSync("${broken}", { throwIfNoEntry: false })) process.exit(1);
       ${realProver("witness")}`,
    );
    const warnings: unknown[] = [];
    const logger = { info: () => {}, warn: (about: unknown) => warnings.push(about) } as unknown;
    const journal = new Journal(join(folder, "journal.sqlite"), [PROVING_SCHEMA]);
    process.env.TOLLGATE_TEST_SECRET = "0xsecret";
    const pool = await startProvingPool({
      models: { [MODEL]: model },
      queue: createJournalQueue(journal),
      externalProver: path,
      logger: logger as ProvingPoolOptions["logger"],
    });
    const proveNext = async (digit: number) => {
      const next = await taskOf(model, digit);
      expect(isProofOf(model, next, await pool.prove(next))).to.equal(true);
    };
    await proveNext(2);
    expect(readFileSync(used, "utf8")).to.equal("undefined");
    expect(warnings).to.deep.equal([]);
    await writeFile(broken, "");
    await rm(used);
    await proveNext(3);
    expect(existsSync(used)).to.equal(true);
    await rm(used);
    await proveNext(4);
    expect(existsSync(used)).to.equal(false);
    expect(warnings).to.deep.equal([{ reason: "it ended with 1" }]);
    delete process.env.TOLLGATE_TEST_SECRET;
    await pool.close();
    journal.close();
  });

  it("ends with the pool, and leaves no witness behind", async () => {
    const hanging = join(folder, "hanging");
    const path = await program(
      "hangs-in-pool",
      `writeFileSync("${hanging}", \`\${process.pid} \${process.cwd()}\`);
      setInterval(() => {}, 1000);`,
    );
    const journal = new Journal(join(folder, "hanging.sqlite"), [PROVING_SCHEMA]);
    const queue = createJournalQueue(journal);
    const pool = await startProvingPool({ models: { [MODEL]: model }, queue, externalProver: path });
    const interrupted = pool.prove(await taskOf(model, 5)).catch(({ name }: Error) => name);
    while (!existsSync(hanging)) await sleep(20);
    await pool.close();
    expect(await interrupted).to.equal("AbortError");
    journal.close();
    const [pid, place] = readFileSync(hanging, "utf8").split(" ");
    while (existsSync(`/proc/${pid}`)) await sleep(20);
    expect(existsSync(dirname(place))).to.equal(false);
  });

  it("must be there and executable when the pool starts", async () => {
    const path = join(folder, "text");
    await writeFile(path, "");
    await chmod(path, 0o644);
    expect(statSync(path).isFile()).to.equal(true);
    for (const [externalProver, what] of [
      [path, "is not executable"],
      [folder, "no such file"],
      [join(folder, "missing"), "no such file"],
    ]) {
      const refusal = await startProvingPool({ models: {}, queue: {} as never, externalProver }).catch(
        (error: unknown) => error,
      );
      expect(refusal).to.be.instanceOf(InputError);
      expect((refusal as Error).message).to.match(new RegExp(`^${externalProver}: ${what};`));
    }
  });
});
