import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { littleEndian } from "../../circom/readR1cs.ts";
import { InputError, onFile } from "../../errors.ts";
import { BASE_ORDER } from "../../field.ts";
import { G1_BYTES, G2_BYTES } from "./pointBytes.ts";
import { PUBLISHED_PTAUS } from "./publishedPtaus.ts";
import { type SectionFile, openSectionFile } from "./sectionFile.ts";

/** Sections of a prepared .ptau file as snarkjs numbers them. */
export const PTAU = {
  header: 1,
  tauG1: 2,
  tauG2: 3,
  alphaTauG1: 4,
  betaTauG1: 5,
  betaG2: 6,
  contributions: 7,
  lagrangeG1: 12,
  lagrangeG2: 13,
  alphaLagrangeG1: 14,
  betaLagrangeG1: 15,
} as const;

const FORMAT = {
  magic: "ptau",
  sections: new Map<number, string>(Object.entries(PTAU).map(([name, id]) => [id, name])),
};
/** Length, base field order, the file's own power, its ceremony's. */
const HEADER_BYTES = 4 + 32 + 4 + 4;

/** A prepared powers-of-tau file over BN254. */
export interface Ptau {
  readonly file: SectionFile;
  /** It holds 2^power powers: enough for circuits with domains up to that. */
  readonly power: number;
}

/** Which file it is. */
export interface PtauIdentity {
  readonly sha256: string;
  /** Name of the published file that this is, null for a file that nobody vouches for. */
  readonly pinned: string | null;
}

/**
 * Hashes a powers-of-tau file and looks it up among the published ones. That its own contributions are sound is what
 * was published with its hash; nothing here checks them.
 */
export async function identifyPtau(path: string): Promise<PtauIdentity> {
  const [sha256, blake2b] = [createHash("sha256"), createHash("blake2b512")];
  await onFile(path, "read", async () => {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      sha256.update(chunk as Buffer);
      blake2b.update(chunk as Buffer);
    }
  });
  const hash = blake2b.digest("hex");
  const published = PUBLISHED_PTAUS.find(({ blake2b512 }) => blake2b512 === hash);
  return { sha256: sha256.digest("hex"), pinned: published?.name ?? null };
}

/** Throws InputError for a file that nobody vouches for, naming the flag that takes it all the same. */
export function requirePinned(path: string, { pinned, sha256 }: PtauIdentity, accepted: boolean): void {
  if (pinned !== null || accepted) return;
  throw new InputError(
    `${path}: not a published powers-of-tau file (sha256 ${sha256}); --accept-ptau takes it and records it as untrusted`,
  );
}

/** Opens a prepared powers-of-tau file for a circuit. Throws InputError where it is damaged, of another curve or too small. */
export async function openPtau(path: string, circuitPower: number): Promise<Ptau> {
  const file = await openSectionFile(path, FORMAT).catch(explainUnprepared);
  try {
    const power = await readPower(file);
    if (power < circuitPower)
      throw new InputError(`${path}: a powers-of-tau file of power ${power}, the circuit needs power ${circuitPower}`);
    requireSizes(file, power);
    return { file, power };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readPower(file: SectionFile): Promise<number> {
  const header = await file.read(PTAU.header);
  const isBn254 =
    header.length === HEADER_BYTES &&
    header.readUInt32LE(0) === 32 &&
    littleEndian(header.subarray(4, 36)) === BASE_ORDER;
  if (!isBn254) throw new InputError(`${file.path}: powers of tau of another curve; want one over BN254 (bn128)`);
  return header.readUInt32LE(36);
}

/** Powers run to 2^power, in G1 twice that less one; Lagrange points are there for every domain up to the power. */
function requireSizes(file: SectionFile, power: number): void {
  const size = 2 ** power;
  const wanted: [section: number, bytes: number][] = [
    [PTAU.tauG1, (2 * size - 1) * G1_BYTES],
    [PTAU.tauG2, size * G2_BYTES],
    [PTAU.alphaTauG1, size * G1_BYTES],
    [PTAU.betaTauG1, size * G1_BYTES],
    [PTAU.betaG2, G2_BYTES],
    [PTAU.lagrangeG1, (4 * size - 1) * G1_BYTES],
    [PTAU.lagrangeG2, (2 * size - 1) * G2_BYTES],
    [PTAU.alphaLagrangeG1, (2 * size - 1) * G1_BYTES],
    [PTAU.betaLagrangeG1, (2 * size - 1) * G1_BYTES],
  ];
  const wrong = wanted.find(([section, bytes]) => file.sizeOf(section) !== bytes);
  if (wrong === undefined) return;
  const [section, bytes] = wrong;
  throw new InputError(
    `${file.path}: section ${FORMAT.sections.get(section)} has ${file.sizeOf(section)} bytes, power ${power} has ${bytes}`,
  );
}

function explainUnprepared(error: unknown): never {
  if (error instanceof InputError && error.message.includes("no section 12"))
    throw new InputError(`${error.message}: not prepared for phase 2; run: snarkjs powersoftau prepare phase2`);
  throw error;
}
