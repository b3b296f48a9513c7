import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../errors.ts";
import { parseProof, parseSignals, type Proof } from "../../groth16/proof.ts";
import { verifyProof } from "../../groth16/verify.ts";
import type { Vkey } from "../../groth16/verifyingKey.ts";

/** A program with rapidsnark's command line: `<program> <circuit.zkey> <witness.wtns> <proof.json> <public.json>`. */
export interface ExternalProver {
  readonly path: string;
  /** Folder in which it gets one of its own for each proof. */
  readonly folder: string;
  /** After which it is killed. */
  readonly seconds: number;
}

/** What is to be proven: a witness (.wtns), and the public signals that it must give under the circuit's key. */
export interface ExternalTask {
  readonly zkeyPath: string;
  readonly vkey: Vkey;
  readonly witness: Uint8Array;
  readonly signals: readonly bigint[];
}

/** Longest file that is read from a program, in bytes; a proof and three signals take less than two thousand. */
const MAX_BYTES = 16_384;

/** Throws InputError unless the path is of a file that may be executed. */
export async function requireExecutable(path: string): Promise<void> {
  const isFile = await stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
  if (!isFile) throw new InputError(`${path}: no such file; want an external prover with rapidsnark's command line`);
  await access(path, constants.X_OK).catch(() => {
    throw new InputError(`${path}: is not executable; want an external prover with rapidsnark's command line`);
  });
}

/**
 * Has a witness proven by a program. The witness is private: only this user can read the folder that it lies in, which is
 * gone afterwards. Throws where the program fails, takes too long, or writes anything else than a valid proof of the
 * signals.
 */
export async function proveExternally(prover: ExternalProver, task: ExternalTask): Promise<Proof> {
  const folder = await mkdtemp(join(prover.folder, "proof-"));
  const file = (name: string) => join(folder, name);
  try {
    await writeFile(file("witness.wtns"), task.witness, { mode: 0o600 });
    await run(prover, [task.zkeyPath, file("witness.wtns"), file("proof.json"), file("public.json")], folder);
    // rapidsnark names no curve: it knows one.
    const proof = parseProof({ curve: "bn128", ...((await readSmallJson(file("proof.json"))) as object) });
    const signals = parseSignals(await readSmallJson(file("public.json")));
    if (signals.length !== task.signals.length || signals.some((signal, index) => signal !== task.signals[index]))
      throw new Error("its proof is of other public signals");
    if (!verifyProof(task.vkey, signals, proof)) throw new Error("its proof does not verify");
    return proof;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs the program without a shell; its own output is of no use. */
function run({ path, seconds }: ExternalProver, args: readonly string[], folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { cwd: folder, stdio: "ignore", timeout: seconds * 1000, killSignal: "SIGKILL" });
    child.once("error", (error: NodeJS.ErrnoException) => reject(new Error(`it cannot be run (${error.code})`)));
    child.once("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(child.killed ? `it took more than ${seconds} seconds` : `it ended with ${signal ?? code}`));
    });
  });
}

async function readSmallJson(path: string): Promise<unknown> {
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  if (size === 0 || size > MAX_BYTES) throw new Error(`it wrote ${size} bytes for a proof, want 1 to ${MAX_BYTES}`);
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch {
    throw new Error("what it wrote is not JSON");
  }
}
