import { readFile, writeFile } from "node:fs/promises";
import type { R1cs } from "../circom/readR1cs.ts";
import { forEachTerm, littleEndian } from "../circom/readR1cs.ts";
import { InputError } from "../errors.ts";
import { BASE_ORDER, SCALAR_ORDER } from "../field.ts";

/** Sections of a Groth16 .zkey file as snarkjs numbers them. */
export const SECTION = {
  protocol: 1,
  header: 2,
  ic: 3,
  coefficients: 4,
  a: 5,
  b1: 6,
  b2: 7,
  c: 8,
  h: 9,
  contributions: 10,
} as const;

/** Contents of a .zkey file by section number. */
export type ZkeySections = ReadonlyMap<number, Uint8Array>;

/** What a .zkey file says about its circuit. */
export interface ZkeyHeader {
  readonly wires: number;
  readonly publicSignals: number;
  readonly domainSize: number;
}

/** Offset in the header of the three counts: after two lengths and the orders of both fields. */
const COUNTS = 4 + 32 + 4 + 32;
/** Offset in the header of α₁, β₁, β₂, γ₂, δ₁, δ₂: affine, coordinates little-endian in Montgomery form. */
export const POINTS = COUNTS + 12;
const COEFFICIENT_BYTES = 12 + 32;
/** The prover multiplies coefficients as if they were in Montgomery form twice. */
const MONTGOMERY_SQUARED = (1n << 512n) % SCALAR_ORDER;

/** `value` < 2^256 as 32 little-endian bytes. */
export const scalarBytes = (value: bigint): Uint8Array =>
  Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();

/** 32-bit little-endian words. */
export const words32 = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

/** Header section; `points` are α₁, β₁, β₂, γ₂, δ₁, δ₂ (affine, Montgomery). */
export const headerSection = (r1cs: R1cs, points: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat([
    words32(32),
    scalarBytes(BASE_ORDER),
    words32(32),
    scalarBytes(SCALAR_ORDER),
    words32(r1cs.wires, r1cs.publicSignals, 2 ** r1cs.domainPower),
    ...points,
  ]);

/** The matrices A and B with one extra row of A a public wire: (matrix, constraint, wire, value) each. */
export function coefficientsSection(r1cs: R1cs): Uint8Array {
  const counts = [0, 0, 0];
  forEachTerm(r1cs, (matrix) => counts[matrix]++);
  const count = counts[0] + counts[1] + r1cs.publicSignals + 1;
  const section = new Uint8Array(4 + count * COEFFICIENT_BYTES);
  section.set(words32(count));
  let offset = 4;
  const push = (matrix: number, constraint: number, wire: number, value: bigint) => {
    section.set(words32(matrix, constraint, wire), offset);
    section.set(scalarBytes((value * MONTGOMERY_SQUARED) % SCALAR_ORDER), offset + 12);
    offset += COEFFICIENT_BYTES;
  };
  forEachTerm(r1cs, (matrix, constraint, wire, at) => {
    if (matrix < 2) push(matrix, constraint, wire, littleEndian(r1cs.bytes.subarray(at, at + 32)));
  });
  for (let wire = 0; wire <= r1cs.publicSignals; wire++) push(0, r1cs.constraints + wire, wire, 1n);
  return section;
}

/** Writes a .zkey file of version 1. */
export async function writeZkey(path: string, sections: ZkeySections): Promise<void> {
  const parts: Uint8Array[] = [Buffer.from("zkey"), words32(1, sections.size)];
  for (const [id, content] of sections) parts.push(words32(id), lengthBytes(content.length), content);
  await writeFile(path, parts);
}

/** Reads a .zkey file. Throws InputError unless it is a complete Groth16 key over BN254. */
export async function readZkey(
  path: string,
): Promise<{ bytes: Uint8Array; sections: ZkeySections; header: ZkeyHeader }> {
  const bytes = await readFile(path);
  const sections = splitSections(bytes, path);
  const missing = Object.entries(SECTION).find(([, id]) => !sections.has(id));
  if (missing !== undefined) throw new InputError(`${path}: no section ${missing[0]}: not a Groth16 proving key`);
  const header = Buffer.from(sections.get(SECTION.header)!);
  if (littleEndian(header.subarray(4, 36)) !== BASE_ORDER)
    throw new InputError(`${path}: a key of another curve; keys must be over BN254`);
  const count = (index: number) => header.readUInt32LE(COUNTS + 4 * index);
  return { bytes, sections, header: { wires: count(0), publicSignals: count(1), domainSize: count(2) } };
}

function splitSections(bytes: Buffer, path: string): ZkeySections {
  if (bytes.length < 12 || bytes.toString("latin1", 0, 4) !== "zkey")
    throw new InputError(`${path}: not a .zkey file, as the setup writes it`);
  const sections = new Map<number, Uint8Array>();
  let offset = 12;
  for (let left = bytes.readUInt32LE(8); left > 0; left--) {
    const end = offset + 12 + (offset + 12 <= bytes.length ? Number(bytes.readBigUInt64LE(offset + 4)) : Infinity);
    if (end > bytes.length) throw new InputError(`${path}: truncated .zkey file; run the setup again`);
    sections.set(bytes.readUInt32LE(offset), bytes.subarray(offset + 12, end));
    offset = end;
  }
  return sections;
}

function lengthBytes(length: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(length));
  return bytes;
}
