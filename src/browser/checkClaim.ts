import { unpackWords } from "../codec/codec.ts";
import { commitInput } from "../codec/commitment.ts";
import { keyIdOf, type Hex } from "../codec/statement.ts";
import { InputError } from "../errors.ts";
import { SCALAR_ORDER } from "../field.ts";
import { parseDecimal, parseFields } from "../groth16/points.ts";
import { parseProof } from "../groth16/proof.ts";
import { verifyProof } from "../groth16/verify.ts";
import { parseVerifyingKey, toContractKey, type Vkey } from "../groth16/verifyingKey.ts";
import { decodeOutputs, type DecodedOutput } from "../ir/decodeOutputs.ts";
import { signalsOf } from "../model/infer.ts";
import { parseStatement, requireKey, type Statement } from "../model/parseClaim.ts";
import { isDealerKey } from "../setup/dealerConstants.ts";
import { readGraphFile, readLockFile, type LockDescription, type ModelDescription } from "./modelFiles.ts";

/** The files that a claim is checked with; the opening is for those who may know the input. */
export const CLAIM_FILES = ["claim", "graph", "vkey", "lock", "opening"] as const;

export type FileRole = (typeof CLAIM_FILES)[number];

/** Texts of the files. What is missing leaves its checks undone, and the claim unproven. */
export type ClaimFiles = Readonly<Partial<Record<FileRole, string>>>;

/** One thing that was looked at. A check that stands on another that failed is not done. */
export interface Check {
  readonly id: "claim" | "lock" | "graph" | "key" | "claimKey" | "output" | "proof" | "opening";
  readonly title: string;
  readonly state: "passed" | "failed" | "notDone";
  /** What was found, or what is missing. */
  readonly detail: string;
}

/** What a claim says and whether that is proven. */
export interface ClaimReport {
  /**
   * All checks were done and passed; only the opening may be left out. The files may be their sender's: a claim shows what
   * it seems to only if `keyId` and `model.modelHash` are those that you accept.
   */
  readonly proven: boolean;
  readonly checks: readonly Check[];
  /** A key whose secrets are public: everybody can prove everything under it. */
  readonly isDealerKey: boolean;
  readonly model: ModelDescription | undefined;
  readonly keyId: Hex | undefined;
  readonly inputCommitment: bigint | undefined;
  readonly subject: Hex | undefined;
  /** Real numbers that the words stand for; proven only where the report says so. */
  readonly outputs: readonly DecodedOutput[] | undefined;
  /** Integers that the opening names as input, where they give the commitment. */
  readonly inputs: readonly (readonly bigint[])[] | undefined;
}

/** Checks a claim against the files of its model as strictly as the registry checks it; never throws on bad input. */
export function checkClaim(files: ClaimFiles): ClaimReport {
  const run = new CheckRun();
  const statement = run.check("claim", "The claim is well formed", [], () => readStatement(files));
  const lock = run.check("lock", "The model's lock is well formed", [], () => readLock(files));
  const graph = run.check("graph", "The program is the lock's", ["lock"], () => readGraph(files, lock!));
  const key = run.check("key", "The key is the lock's", ["lock"], () => readKey(files, lock!));
  run.check("claimKey", "The claim is under this key", ["claim", "key"], () => matchKey(statement!, key!));
  const outputs = run.check("output", "The words are an output of this program", ["claim", "graph"], () =>
    readOutputs(statement!, graph!),
  );
  run.check("proof", "The proof shows this statement", ["claim", "claimKey"], () => checkProof(statement!, key!.vkey));
  const inputs =
    files.opening === undefined
      ? undefined
      : run.check("opening", "The input gives the commitment", ["claim", "graph"], () =>
          readOpening(files, statement!, graph!),
        );
  return {
    proven: run.checks.every(({ state }) => state === "passed"),
    checks: run.checks,
    isDealerKey: key !== undefined && isDealerKey(key.vkey),
    model: graph,
    keyId: key?.keyId,
    inputCommitment: statement?.inputCommitment,
    subject: statement?.subject,
    outputs,
    inputs,
  };
}

/** A finding with the sentence that tells it. */
interface Found<Value> {
  readonly value: Value;
  readonly detail: string;
}

/** The checks of one claim so far. */
class CheckRun {
  readonly checks: Check[] = [];

  /** Does a check unless one that it stands on has not passed; returns what it found if it passes. */
  check<Value>(
    id: Check["id"],
    title: string,
    needs: readonly Check["id"][],
    find: () => Found<Value>,
  ): Value | undefined {
    const missing = this.checks.find((check) => needs.includes(check.id) && check.state !== "passed");
    if (missing !== undefined) {
      this.checks.push({ id, title, state: "notDone", detail: `not checked, since this is missing: ${missing.title}` });
      return undefined;
    }
    try {
      const { value, detail } = find();
      this.checks.push({ id, title, state: "passed", detail });
      return value;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.checks.push({ id, title, state: "failed", detail: error.message });
      return undefined;
    }
  }
}

function readJson(files: ClaimFiles, role: FileRole, name: string): unknown {
  const text = files[role];
  if (text === undefined) throw new InputError(`${name}: no such file given`);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InputError(`${name}: not JSON (${(error as Error).message})`);
  }
}

function readStatement(files: ClaimFiles): Found<Statement> {
  const value = parseStatement(readJson(files, "claim", "claim"));
  return { value, detail: `for the subject ${value.subject}` };
}

function readLock(files: ClaimFiles): Found<LockDescription> {
  const value = readLockFile(readJson(files, "lock", "lock.json"));
  return { value, detail: `${value.model}, setup: ${value.setup}` };
}

function readGraph(files: ClaimFiles, lock: LockDescription): Found<ModelDescription> {
  const value = readGraphFile(readJson(files, "graph", "graph.json"));
  if (value.modelHash !== lock.modelHash)
    throw new InputError(`graph.json: model hash ${value.modelHash}, the lock wants ${lock.modelHash}`);
  if (value.wordCount !== lock.wordCount)
    throw new InputError(`graph.json: outputs of ${value.wordCount} words, the lock wants ${lock.wordCount}`);
  return { value, detail: `model hash ${value.modelHash}` };
}

interface LockedKey {
  readonly vkey: Vkey;
  readonly keyId: Hex;
  readonly wordCount: number;
}

function readKey(files: ClaimFiles, { keyId: wanted, wordCount }: LockDescription): Found<LockedKey> {
  const vkey = parseVerifyingKey(readJson(files, "vkey", "vkey.json"));
  const keyId = keyIdOf(toContractKey(vkey), wordCount);
  if (keyId !== wanted) throw new InputError(`vkey.json: key id ${keyId}, the lock wants ${wanted}`);
  return { value: { vkey, keyId, wordCount }, detail: `key id ${keyId}` };
}

function matchKey(statement: Statement, key: LockedKey): Found<void> {
  requireKey(statement, key);
  return { value: undefined, detail: `${key.wordCount} output ${key.wordCount === 1 ? "word" : "words"}` };
}

function readOutputs({ words }: Statement, graph: ModelDescription): Found<DecodedOutput[]> {
  const value = decodeOutputs(graph, unpackWords(graph.outputs, words));
  return { value, detail: graph.outputs.map(({ name, shape }) => `${name} (${shape.join("×") || "1"})`).join(", ") };
}

function checkProof(statement: Statement, vkey: Vkey): Found<void> {
  const proof = parseProof(statement.proofJson);
  const signals = signalsOf(statement, statement.keyId, statement.subject);
  if (!verifyProof(vkey, signals, proof))
    throw new InputError("proof: it does not show that this input has this output for this subject");
  return { value: undefined, detail: `context ${signals[2]}` };
}

function readOpening(files: ClaimFiles, { inputCommitment }: Statement, graph: ModelDescription): Found<bigint[][]> {
  const { inputs, salt } = parseFields(readJson(files, "opening", "opening"), "opening", ["inputs", "salt"]);
  const value = parseInputs(inputs);
  const commitment = commitInput(graph.inputs, value, parseDecimal(salt, "opening.salt", SCALAR_ORDER));
  if (commitment !== inputCommitment)
    throw new InputError(`opening: commits to ${commitment}, the claim is about ${inputCommitment}`);
  return { value, detail: `${value.flat().length} numbers and a salt` };
}

function parseInputs(json: unknown): bigint[][] {
  if (!Array.isArray(json) || !json.every(Array.isArray))
    throw new InputError("opening.inputs: want arrays of integers");
  return json.map((tensor: unknown[], row) =>
    tensor.map((entry, at) => parseInteger(entry, `opening.inputs[${row}][${at}]`)),
  );
}

/** A canonical decimal that may have a sign. */
function parseInteger(json: unknown, name: string): bigint {
  const isNegative = typeof json === "string" && json.startsWith("-");
  const value = parseDecimal(isNegative ? json.slice(1) : json, name, SCALAR_ORDER);
  if (isNegative && value === 0n) throw new InputError(`${name}: want a decimal string, got "-0"`);
  return isNegative ? -value : value;
}
