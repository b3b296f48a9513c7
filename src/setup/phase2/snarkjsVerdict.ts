import { readFile } from "node:fs/promises";
import { zKey } from "snarkjs";
import { SECTION, words32 } from "../../groth16/zkeyFile.ts";
import { G1_BYTES } from "./pointBytes.ts";
import { PTAU, type Ptau } from "./ptau.ts";

/** What snarkjs says of a key. It accepts keys that nobody contributed to, and keys of nothing but a beacon. */
export interface SnarkjsVerdict {
  readonly ok: boolean;
  /** Its last words. */
  readonly detail: string;
  /** Section C of the initial key, undefined where snarkjs could not make one. */
  readonly initialC: Uint8Array | undefined;
}

/**
 * Makes the initial key and compares the finished one with it, all by snarkjs: the steps of its verifyFromR1cs. Leaves
 * its curve workers running.
 */
export async function snarkjsVerdict(
  { r1csPath, zkeyPath }: { readonly r1csPath: string; readonly zkeyPath: string },
  ptau: Ptau,
  domainSize: number,
): Promise<SnarkjsVerdict> {
  const words: string[] = [];
  const hear = (message: string) => words.push(message);
  const logger = { error: hear, warn: hear, info: () => {}, debug: () => {} };
  const initial: { type: "mem"; data?: Uint8Array } = { type: "mem" };
  const made = await zKey.newZKey(r1csPath, ptau.file.path, initial, logger);
  if (made === -1) return { ok: false, detail: words.join("; "), initialC: undefined };
  const initialC = sectionOf(initial.data!, SECTION.c);
  // In memory, since snarkjs leaves open the files that it refuses, and the powers of tau always.
  const powers = { type: "mem" as const, data: await powersOfTau(ptau, domainSize) };
  const zkey = { type: "mem" as const, data: await readFile(zkeyPath) };
  try {
    const ok = await zKey.verifyFromInit(initial, powers, zkey, logger);
    const detail = ok ? "accepts contributions and sections" : words.join("; ") || "refuses a contribution";
    return { ok, detail, initialC };
  } catch (error) {
    // It throws plain errors at files that it cannot read on.
    return { ok: false, detail: `fails: ${(error as Error).message}`, initialC };
  }
}

/**
 * The file as far as verifyFromInit reads it: powers in G1 up to twice the domain, of which it skips the last. In a file
 * no larger than the circuit that one lies beyond the section.
 */
async function powersOfTau({ file }: Ptau, domainSize: number): Promise<Uint8Array> {
  const size = 2 * domainSize * G1_BYTES;
  const powers = await file.read(PTAU.tauG1, 0, size);
  return Buffer.concat([Buffer.from("ptau"), words32(1, 1, PTAU.tauG1, size, 0), powers]);
}

/** A section of a key that snarkjs wrote into memory, which is longer than the key. */
function sectionOf(bytes: Uint8Array, section: number): Uint8Array {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 12;
  for (let left = view.readUInt32LE(8); left > 0; left--) {
    const end = offset + 12 + Number(view.readBigUInt64LE(offset + 4));
    if (view.readUInt32LE(offset) === section) return view.subarray(offset + 12, end);
    offset = end;
  }
  throw new Error(`snarkjs wrote an initial key without section ${section}`);
}
