import { createCipheriv, createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { bn254 } from "@noble/curves/bn254.js";
import { BASE_ORDER, SCALAR_ORDER } from "../../field.ts";
import type { G1Point, G2Point } from "../../groth16/points.ts";

const { Fp, Fp2, Fr } = bn254.fields;
const CHUNK_BYTES = 1024;
const SEED_BYTES = 32;
/** Hashes between two returns to the event loop. */
const HASHES_AT_ONCE = 1 << 16;
const FIELD_MASK = (1n << 254n) - 1n;
/** Points of the curve of G2 for each of G2 itself. */
const G2_COFACTOR = 2n * BASE_ORDER - SCALAR_ORDER;
const BASE_MONTGOMERY_INVERSE = Fp.inv(Fp.create(1n << 256n));
const SCALAR_MONTGOMERY_INVERSE = Fr.inv(Fr.create(1n << 256n));

/** Numbers that snarkjs draws from a seed: its transcripts hash to points, and its beacons to secrets, by this. */
export interface SnarkjsRandom {
  readonly scalar: () => bigint;
  readonly g1: () => G1Point;
  readonly g2: () => G2Point;
}

/** The first 32 bytes of `hash`, read as big-endian words, key a ChaCha20 stream of little-endian ones. */
export function createSnarkjsRandom(hash: Uint8Array): SnarkjsRandom {
  const nextWord = createWords(Buffer.from(hash.subarray(0, SEED_BYTES)).swap32());
  // A field element is drawn in the Montgomery form of memory: the value is the bits divided by 2^256.
  const draw = (order: bigint): bigint => {
    for (;;) {
      const words = Array.from({ length: 4 }, () => (BigInt(nextWord()) << 32n) + BigInt(nextWord()));
      const value = words.reduceRight((high, word) => (high << 64n) + word, 0n) & FIELD_MASK;
      if (value < order) return value;
    }
  };
  const base = () => Fp.mul(draw(BASE_ORDER), BASE_MONTGOMERY_INVERSE);
  const isGreater = () => (nextWord() & 1) === 1;
  return {
    scalar: () => Fr.mul(draw(SCALAR_ORDER), SCALAR_MONTGOMERY_INVERSE),
    g1: () => drawG1(base, isGreater),
    g2: () => drawG2(base, isGreater),
  };
}

/** What a beacon's value gives: SHA-256 iterated 2^iterationsExp times, as a seed. */
export async function beaconRandom(value: Uint8Array, iterationsExp: number): Promise<SnarkjsRandom> {
  let hash = value;
  for (let round = 1; round <= 2 ** iterationsExp; round++) {
    hash = createHash("sha256").update(hash).digest();
    if (round % HASHES_AT_ONCE === 0) await setImmediate();
  }
  return createSnarkjsRandom(hash);
}

function createWords(key: Uint8Array): () => number {
  const cipher = createCipheriv("chacha20", key, Buffer.alloc(16));
  let words = Buffer.alloc(0);
  let offset = 0;
  return () => {
    if (offset === words.length) {
      words = cipher.update(Buffer.alloc(CHUNK_BYTES));
      offset = 0;
    }
    offset += 4;
    return words.readUInt32LE(offset - 4);
  };
}

function drawG1(draw: () => bigint, isGreater: () => boolean): G1Point {
  for (;;) {
    const x = draw();
    const greater = isGreater();
    const square = Fp.add(Fp.mul(Fp.sqr(x), x), bn254.G1.Point.CURVE().b);
    if (!isSquare(square)) continue;
    const y = Fp.sqrt(square);
    return bn254.G1.Point.fromAffine({ x, y: isUpper(y) === greater ? y : Fp.neg(y) });
  }
}

function drawG2(draw: () => bigint, isGreater: () => boolean): G2Point {
  for (;;) {
    const x = Fp2.fromBigTuple([draw(), draw()]);
    const greater = isGreater();
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), bn254.G2.Point.CURVE().b);
    // An element is a square exactly if its norm is.
    if (!isSquare(Fp.add(Fp.sqr(square.c0), Fp.sqr(square.c1)))) continue;
    const y = Fp2.sqrt(square);
    const upper = isUpper(y.c1 === 0n ? y.c0 : y.c1);
    return clearCofactor(bn254.G2.Point.fromAffine({ x, y: upper === greater ? y : Fp2.neg(y) }));
  }
}

/** noble takes scalars below r only, and the cofactor, which is odd, lies above. */
function clearCofactor(point: G2Point): G2Point {
  return point
    .multiplyUnsafe(G2_COFACTOR / 2n)
    .double()
    .add(point);
}

const isSquare = (value: bigint): boolean => value === 0n || Fp.pow(value, (BASE_ORDER - 1n) / 2n) === 1n;
const isUpper = (value: bigint): boolean => value > (BASE_ORDER - 1n) / 2n;
