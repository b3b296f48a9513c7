import { createHash } from "node:crypto";
import { InputError } from "../../errors.ts";
import type { G1Point, G2Point } from "../../groth16/points.ts";
import { G1_BYTES, G2_BYTES, hashedForm, readG1, readG2 } from "./pointBytes.ts";
import { BEACON_ITERATIONS } from "./terms.ts";

const HASH_BYTES = 64;
/** Points, transcript, type, length of what follows. */
const FIXED_BYTES = 3 * G1_BYTES + G2_BYTES + HASH_BYTES + 4 + 4;
const TYPES = ["contribution", "beacon"] as const;
/** What may follow, in this order, each once. */
const PARAMETER = { name: 1, iterationsExp: 2, beacon: 3 } as const;

export interface Beacon {
  readonly value: Uint8Array;
  readonly iterationsExp: number;
}

/** One entry of a key's transcript: somebody multiplied δ by a secret x and shows to know it. */
export interface Contribution {
  readonly name: string;
  /** Undefined for a contribution whose secret its maker drew. */
  readonly beacon: Beacon | undefined;
  readonly deltaAfter: G1Point;
  /** A point and x times it. */
  readonly s: G1Point;
  readonly sx: G1Point;
  /** x times the point of G2 that the transcript hashes to. */
  readonly spx: G2Point;
  /** blake2b-512 of everything before and of `s`, `sx`, as the file states it. */
  readonly transcript: Uint8Array;
  /** The bytes that `transcript` adds for s and sx. */
  readonly announced: Uint8Array;
  /** The bytes that later transcripts hash of this contribution. */
  readonly publicKey: Uint8Array;
  /** blake2b-512 of them, which snarkjs shows to who contributes. */
  readonly hash: string;
}

/** Reads the section of contributions. Throws InputError naming the file and the contribution. */
export function readContributions(
  section: Uint8Array,
  path: string,
): { circuitHash: Uint8Array; contributions: Contribution[] } {
  const bytes = Buffer.from(section);
  if (bytes.length < HASH_BYTES + 4) throw new InputError(`${path}: contributions: truncated`);
  const contributions: Contribution[] = [];
  let offset = HASH_BYTES + 4;
  for (let left = bytes.readUInt32LE(HASH_BYTES); left > 0; left--) {
    const name = `${path}: contribution ${contributions.length + 1}`;
    if (offset + FIXED_BYTES > bytes.length) throw new InputError(`${name}: truncated`);
    const end = offset + FIXED_BYTES + bytes.readUInt32LE(offset + FIXED_BYTES - 4);
    if (end > bytes.length) throw new InputError(`${name}: truncated`);
    contributions.push(readContribution(bytes.subarray(offset, end), name));
    offset = end;
  }
  if (offset !== bytes.length) throw new InputError(`${path}: contributions: bytes after the last one, want none`);
  return { circuitHash: bytes.subarray(0, HASH_BYTES), contributions };
}

function readContribution(bytes: Buffer, name: string): Contribution {
  const [deltaAfter, s, sx] = [0, 1, 2].map((index) => bytes.subarray(index * G1_BYTES, (index + 1) * G1_BYTES));
  const spx = bytes.subarray(3 * G1_BYTES, 3 * G1_BYTES + G2_BYTES);
  const transcript = bytes.subarray(3 * G1_BYTES + G2_BYTES, FIXED_BYTES - 8);
  const points = {
    deltaAfter: readG1(deltaAfter, `${name}: δ`),
    s: readG1(s, `${name}: s`),
    sx: readG1(sx, `${name}: s·x`),
    spx: readG2(spx, `${name}: x in G2`),
  };
  const g1 = hashedForm(bytes.subarray(0, 3 * G1_BYTES), G1_BYTES);
  const publicKey = Buffer.concat([g1, hashedForm(spx, G2_BYTES), transcript]);
  return {
    ...points,
    ...readParameters(bytes.subarray(FIXED_BYTES), TYPES[bytes.readUInt32LE(FIXED_BYTES - 8)], name),
    transcript,
    announced: g1.subarray(G1_BYTES),
    publicKey,
    hash: createHash("blake2b512").update(publicKey).digest("hex"),
  };
}

function readParameters(
  bytes: Buffer,
  type: (typeof TYPES)[number] | undefined,
  name: string,
): Pick<Contribution, "name" | "beacon"> {
  const parameters = new Map<number, Buffer>();
  let offset = 0;
  while (offset < bytes.length) {
    const id = bytes[offset++];
    const isKnown = Object.values(PARAMETER).some((known) => known === id);
    if (!isKnown || id <= Math.max(0, ...parameters.keys()))
      throw new InputError(`${name}: parameter ${id}, want name, iterations and beacon in this order`);
    const length = id === PARAMETER.iterationsExp ? 1 : bytes[offset++];
    if (length === undefined || offset + length > bytes.length) throw new InputError(`${name}: truncated`);
    parameters.set(id, bytes.subarray(offset, offset + length));
    offset += length;
  }
  const [value, iterations] = [parameters.get(PARAMETER.beacon), parameters.get(PARAMETER.iterationsExp)];
  const isWhole = type === "beacon" ? value !== undefined && iterations !== undefined : !value && !iterations;
  if (type === undefined || !isWhole)
    throw new InputError(`${name}: want a contribution, or a beacon with its value and iterations`);
  return {
    name: parameters.get(PARAMETER.name)?.toString("utf8") ?? "",
    beacon: type === "beacon" ? readBeacon(value!, iterations![0], name) : undefined,
  };
}

/** The limit is checked before anything iterates: a file must not be able to keep its reader busy for years. */
function readBeacon(value: Uint8Array, iterationsExp: number, name: string): Beacon {
  const { least, most } = BEACON_ITERATIONS;
  if (iterationsExp < least || iterationsExp > most)
    throw new InputError(`${name}: a beacon of 2^${iterationsExp} iterations, want 2^${least} to 2^${most}`);
  return { value, iterationsExp };
}
