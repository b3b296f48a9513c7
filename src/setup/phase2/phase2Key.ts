import { littleEndian } from "../../circom/readR1cs.ts";
import { InputError } from "../../errors.ts";
import { BASE_ORDER, SCALAR_ORDER } from "../../field.ts";
import { type ZkeyHeader, type ZkeySections, POINTS, SECTION } from "../../groth16/zkeyFile.ts";
import type { G1Point, G2Point } from "../../groth16/points.ts";
import { type Contribution, readContributions } from "./contributions.ts";
import { G1_BYTES, G2_BYTES, readG1, readG2 } from "./pointBytes.ts";
import { type SectionFile, openSectionFile } from "./sectionFile.ts";

const FORMAT = {
  magic: "zkey",
  sections: new Map<number, string>(Object.entries(SECTION).map(([name, id]) => [id, name])),
};
const GROTH16 = 1;
/** α₁, β₁, β₂, γ₂, δ₁, δ₂. */
const HEADER_POINTS = [G1_BYTES, G1_BYTES, G2_BYTES, G2_BYTES, G1_BYTES, G2_BYTES];
const COEFFICIENT_BYTES = 12 + 32;

/** A .zkey file, whole. Its points are on their curves where they are parsed, and unchecked within the sections. */
export interface Phase2Key {
  readonly path: string;
  readonly header: ZkeyHeader;
  readonly sections: ZkeySections;
  /** α₁, β₁, β₂ as the file has them. */
  readonly alphaBeta: Uint8Array;
  readonly beta1: G1Point;
  readonly beta2: G2Point;
  readonly gamma: G2Point;
  readonly delta1: G1Point;
  readonly delta2: G2Point;
  /** What the transcript of the contributions starts from: snarkjs's hash of the initial key. */
  readonly circuitHash: Uint8Array;
  readonly contributions: readonly Contribution[];
}

/** Reads a .zkey file strictly. Throws InputError naming the file and what is damaged. */
export async function readPhase2Key(path: string): Promise<Phase2Key> {
  const file = await openSectionFile(path, FORMAT);
  try {
    const sections = new Map<number, Uint8Array>();
    for (const id of FORMAT.sections.keys()) sections.set(id, await file.read(id));
    const header = readHeader(file, sections);
    requireSizes(file, header);
    const [alpha1, beta1, beta2, gamma, delta1, delta2] = splitPoints(sections.get(SECTION.header)!.subarray(POINTS));
    readG1(alpha1, `${path}: α`);
    return {
      path,
      header,
      sections,
      alphaBeta: Buffer.concat([alpha1, beta1, beta2]),
      beta1: readG1(beta1, `${path}: β in G1`),
      beta2: readG2(beta2, `${path}: β in G2`),
      gamma: readG2(gamma, `${path}: γ`),
      delta1: readG1(delta1, `${path}: δ in G1`),
      delta2: readG2(delta2, `${path}: δ in G2`),
      ...readContributions(sections.get(SECTION.contributions)!, path),
    };
  } finally {
    await file.close();
  }
}

function readHeader({ path }: SectionFile, sections: ZkeySections): ZkeyHeader {
  const protocol = Buffer.from(sections.get(SECTION.protocol)!);
  if (protocol.length !== 4 || protocol.readUInt32LE(0) !== GROTH16)
    throw new InputError(`${path}: a key of another proof system; want Groth16`);
  const header = Buffer.from(sections.get(SECTION.header)!);
  const isBn254 =
    header.length === POINTS + HEADER_POINTS.reduce((sum, bytes) => sum + bytes) &&
    header.readUInt32LE(0) === 32 &&
    littleEndian(header.subarray(4, 36)) === BASE_ORDER &&
    header.readUInt32LE(36) === 32 &&
    littleEndian(header.subarray(40, 72)) === SCALAR_ORDER;
  if (!isBn254) throw new InputError(`${path}: a key of another curve; want one over BN254 (bn128)`);
  const [wires, publicSignals, domainSize] = [72, 76, 80].map((offset) => header.readUInt32LE(offset));
  if (publicSignals >= wires || !Number.isInteger(Math.log2(domainSize)))
    throw new InputError(
      `${path}: header: ${wires} wires, ${publicSignals} public signals, a domain of ${domainSize} rows: no circuit's`,
    );
  return { wires, publicSignals, domainSize };
}

function requireSizes({ path, sizeOf }: SectionFile, { wires, publicSignals, domainSize }: ZkeyHeader): void {
  const wanted: [section: number, bytes: number][] = [
    [SECTION.ic, (publicSignals + 1) * G1_BYTES],
    [SECTION.a, wires * G1_BYTES],
    [SECTION.b1, wires * G1_BYTES],
    [SECTION.b2, wires * G2_BYTES],
    [SECTION.c, (wires - publicSignals - 1) * G1_BYTES],
    [SECTION.h, domainSize * G1_BYTES],
  ];
  const wrong = wanted.find(([section, bytes]) => sizeOf(section) !== bytes);
  const message = (section: number, bytes: number | string) =>
    `${path}: section ${FORMAT.sections.get(section)} has ${sizeOf(section)} bytes, want ${bytes}`;
  if (wrong !== undefined) throw new InputError(message(...wrong));
  if (sizeOf(SECTION.coefficients) % COEFFICIENT_BYTES !== 4)
    throw new InputError(message(SECTION.coefficients, `4 and ${COEFFICIENT_BYTES} a coefficient`));
}

function splitPoints(bytes: Uint8Array): Uint8Array[] {
  let offset = 0;
  return HEADER_POINTS.map((size) => bytes.subarray(offset, (offset += size)));
}
