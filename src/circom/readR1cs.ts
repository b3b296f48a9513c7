import { readFile } from "node:fs/promises";
import { SCALAR_ORDER } from "../field.ts";
import { InputError } from "../errors.ts";

/** Bytes of a field element, and of a wire number before it. */
const VALUE_BYTES = 32;
const WIRE_BYTES = 4;

/** A rank-1 constraint system as circom writes it: constraint j says (Aⱼ·w)(Bⱼ·w) = Cⱼ·w over wires w, w₀ = 1. */
export interface R1cs {
  /** The whole file: keys are bound to its hash. */
  readonly bytes: Uint8Array;
  readonly wires: number;
  /** Outputs and public inputs: wires 1 to `publicSignals`. */
  readonly publicSignals: number;
  readonly outputs: number;
  /** Inputs, public and private. */
  readonly inputs: number;
  readonly constraints: number;
  /** Smallest p with 2^p ≥ constraints + public signals + 1: the domain that Groth16 pays for. */
  readonly domainPower: number;
  /** Offset in `bytes` of the first constraint. */
  readonly start: number;
}

/** One coefficient: which matrix, which constraint, which wire, and where its 32 little-endian bytes are. */
export type TermVisitor = (matrix: 0 | 1 | 2, constraint: number, wire: number, valueOffset: number) => void;

/** Reads the header of an .r1cs file (version 1, BN254). Format: iden3/r1csfile, doc/r1cs_bin_format.md. */
export async function readR1cs(path: string): Promise<R1cs> {
  const bytes = await readFile(path);
  const sections = sectionOffsets(bytes, path);
  const header = sections.get(1);
  const start = sections.get(2);
  if (header === undefined || start === undefined) throw new InputError(`${path}: an .r1cs file has sections 1 and 2`);
  const prime = littleEndian(bytes.subarray(header + 4, header + 4 + VALUE_BYTES));
  if (bytes.readUInt32LE(header) !== VALUE_BYTES || prime !== SCALAR_ORDER)
    throw new InputError(`${path}: the circuit's field must be BN254's scalar field (circom --prime bn128)`);
  const field = (index: number) => bytes.readUInt32LE(header + 4 + VALUE_BYTES + 4 * index);
  const [wires, outputs, publicInputs, privateInputs] = [field(0), field(1), field(2), field(3)];
  const publicSignals = outputs + publicInputs;
  const constraints = field(6);
  const domainPower = Math.floor(Math.log2(constraints + publicSignals)) + 1;
  const inputs = publicInputs + privateInputs;
  return { bytes, wires, publicSignals, outputs, inputs, constraints, domainPower, start };
}

/** Calls `visit` for every coefficient, in the file's order. */
export function forEachTerm(r1cs: R1cs, visit: TermVisitor): void {
  const view = new DataView(r1cs.bytes.buffer, r1cs.bytes.byteOffset, r1cs.bytes.byteLength);
  let offset = r1cs.start;
  for (let constraint = 0; constraint < r1cs.constraints; constraint++) {
    for (const matrix of [0, 1, 2] as const) {
      const end = offset + 4 + view.getUint32(offset, true) * (WIRE_BYTES + VALUE_BYTES);
      for (offset += 4; offset < end; offset += WIRE_BYTES + VALUE_BYTES)
        visit(matrix, constraint, view.getUint32(offset, true), offset + WIRE_BYTES);
    }
  }
}

/** An unsigned integer from its little-endian bytes. */
export const littleEndian = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);

function sectionOffsets(bytes: Buffer, path: string): Map<number, number> {
  if (bytes.length < 12 || bytes.toString("latin1", 0, 4) !== "r1cs" || bytes.readUInt32LE(4) !== 1)
    throw new InputError(`${path}: not an .r1cs file of version 1, as circom writes it`);
  const offsets = new Map<number, number>();
  let offset = 12;
  for (let left = bytes.readUInt32LE(8); left > 0; left--) {
    const end = offset + 12 + (offset + 12 <= bytes.length ? Number(bytes.readBigUInt64LE(offset + 4)) : Infinity);
    if (end > bytes.length) throw new InputError(`${path}: truncated .r1cs file; compile the circuit again`);
    offsets.set(bytes.readUInt32LE(offset), offset + 12);
    offset = end;
  }
  return offsets;
}
