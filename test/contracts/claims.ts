import { bn254 } from "@noble/curves/bn254.js";
import type { NetworkConnection } from "hardhat/types/network";
import type { Hex } from "../../src/codec/statement.ts";
import { keyIdOf, toBytes32 } from "../../src/codec/statement.ts";
import { BASE_ORDER } from "../../src/field.ts";
import type { Trapdoor } from "../fixtures/mint.ts";
import {
  g1Words,
  g2Words,
  keyOf,
  mintStatement,
  scalarOf,
  siblingOf,
  signalsOf,
  trapdoorOf,
} from "../fixtures/mint.ts";
import { wordsOf } from "./market.ts";

const { Fr, Fp2 } = bn254.fields;
const G1 = bn254.G1.Point;
const G2 = bn254.G2.Point;
type G1Point = InstanceType<typeof G1>;
const MAX_UINT = 2n ** 256n - 1n;

/** A published key whose trapdoor is known. */
export interface KnownKey {
  readonly keyId: Hex;
  readonly wordCount: number;
  readonly trapdoor: Trapdoor;
}

/** A claim with its key, as batches take them in two lists. */
export interface KeyedClaim {
  readonly keyId: Hex;
  readonly inputCommitment: Hex;
  readonly words: bigint[];
  readonly subject: Hex;
  readonly proof: bigint[];
}

/** A valid claim; its number decides input, words, subject and A of the proof. Numbers equal modulo 8 share B. */
export function claimOf({ keyId, wordCount, trapdoor }: KnownKey, number: number): KeyedClaim {
  const statement = {
    keyId,
    inputCommitment: toBytes32(scalarOf(`input ${number}`)),
    words: wordsOf(wordCount).map((word) => word + BigInt(number)),
    subject: toBytes32(BigInt(1_000 + number)),
  };
  const proof = mintStatement(trapdoor, statement, scalarOf(`a ${number}`), scalarOf(`b ${number % 8}`));
  return { ...statement, proof };
}

/** A registry with `count` keys of one setup, each of one word. */
export async function deployKeys({ ethers }: NetworkConnection, count: number) {
  const registry = await ethers.deployContract("ModelRegistry");
  const publish = async (trapdoor: Trapdoor, wordCount = 1): Promise<KnownKey> => {
    const key = keyOf(trapdoor);
    await registry.publishKey(key, wordCount);
    return { keyId: keyIdOf(key, wordCount), wordCount, trapdoor };
  };
  const setup = trapdoorOf("batch");
  const keys: KnownKey[] = [];
  for (let index = 0; index < count; index++) keys.push(await publish(siblingOf(setup, `batch key ${index}`)));
  return { registry, keys, setup, publish };
}

/** The two lists that `verifyBatch` and `findInvalid` take. */
export const listsOf = (claims: readonly KeyedClaim[]): [Hex[], Omit<KeyedClaim, "keyId">[]] => [
  claims.map(({ keyId }) => keyId),
  claims.map(({ inputCommitment, words, subject, proof }) => ({ inputCommitment, words, subject, proof })),
];

/** The list with its element at `index` replaced. */
export const replaceAt = <T>(list: readonly T[], index: number, element: T): T[] =>
  list.map((old, at) => (at === index ? element : old));

/** Other proofs of the same statement. */
export function provenOtherwise(proof: readonly bigint[]): bigint[][] {
  const [a, b, c] = pointsOf(proof);
  const factor = scalarOf("factor");
  const scaled = [a.multiply(factor), b.multiply(Fr.inv(factor))] as const;
  return [
    [...g1Words(a.negate()), ...g2Words(b.negate()), ...g1Words(c)],
    [...g1Words(scaled[0]), ...g2Words(scaled[1]), ...g1Words(c)],
  ];
}

/** x of the points of G1 whose y is 1 and q − 1: a cube root of −2. */
const X_OF_ONE = 16300804051298280266557810744150527230361199964009614164046675910434187948382n;

/** Valid proofs of a claim with points at the edges: A.y is 1 and q − 1, C the generator and its opposite. */
export function provenAtEdges(claim: Omit<KeyedClaim, "proof">, { alpha, beta, delta, ic }: Trapdoor): bigint[][] {
  const signals = [1n, ...signalsOf(claim)];
  const sum = signals.reduce((total, signal, index) => Fr.create(total + signal * ic[index]), Fr.mul(alpha, beta));
  const b = scalarOf("b");
  const withA = (a: G1Point) => {
    const c = a.multiply(b).subtract(G1.BASE.multiply(sum)).multiply(Fr.inv(delta));
    return [...g1Words(a), ...g2Words(G2.BASE.multiply(b)), ...g1Words(c)];
  };
  const edge = G1.fromAffine({ x: X_OF_ONE, y: 1n });
  const forC = [1n, -1n].map((c) => G1.BASE.multiply(Fr.div(Fr.create(sum + c * delta), b)));
  return [edge, edge.negate(), ...forC].map(withA);
}

/** False forms of a claim's proof, by class. */
export function forgeriesOf(claim: KeyedClaim, trapdoor: Trapdoor): Record<string, bigint[][]> {
  const { proof } = claim;
  const [a, b, c] = [proof.slice(0, 2), proof.slice(2, 6), proof.slice(6)];
  const random = (label: string) => g1Words(G1.BASE.multiply(scalarOf(label)));
  const perWord = (changesOf: (word: bigint) => bigint[]) =>
    proof.flatMap((word, at) =>
      changesOf(word)
        .filter((changed) => changed >= 0n && changed <= MAX_UINT && changed !== word)
        .map((changed) => replaceAt(proof, at, changed)),
    );
  return {
    "a changed coordinate": perWord((word) => [word + 1n, word - 1n, BASE_ORDER - word, 0n, BASE_ORDER, MAX_UINT]),
    "another encoding of a coordinate": perWord((word) => [1n, 2n, 3n, 4n, 5n].map((k) => word + k * BASE_ORDER)),
    infinity: infinitiesOf(claim, trapdoor),
    "off the curve": [
      [3n, 5n, ...b, ...c],
      [...a, 3n, 5n, 7n, 11n, ...c],
      [...a, ...b, 3n, 5n],
    ],
    "off the subgroup": [1n, 1_000n].map((seed) => [...a, ...twistPoint(seed), ...c]),
    "points that solve nothing": [
      [...random("other A"), ...b, ...c],
      [...a, ...g2Words(G2.BASE.multiply(scalarOf("other B"))), ...c],
      [...a, ...b, ...random("other C")],
      [...c, ...b, ...a],
      [...a, b[1], b[0], b[3], b[2], ...c],
    ],
  };
}

/** A, B or C at infinity, where possible so that the equation holds. */
function infinitiesOf(claim: KeyedClaim, { alpha, beta, delta, ic }: Trapdoor): bigint[][] {
  const { proof } = claim;
  const sum = [1n, ...signalsOf(claim)].reduce((total, signal, index) => Fr.create(total + signal * ic[index]), 0n);
  const product = Fr.create(alpha * beta + sum);
  const c = g1Words(G1.BASE.multiply(Fr.div(Fr.neg(product), delta)));
  const b = scalarOf("b");
  const balanced = g1Words(G1.BASE.multiply(Fr.div(product, b)));
  return [
    [0n, 0n, ...proof.slice(2, 6), ...c],
    // Negated as q − A.y, this one would become infinity.
    [0n, BASE_ORDER, ...proof.slice(2, 6), ...c],
    [...proof.slice(0, 2), 0n, 0n, 0n, 0n, ...c],
    [...balanced, ...g2Words(G2.BASE.multiply(b)), 0n, 0n],
    [...proof.slice(0, 6), 0n, 0n],
    proof.map(() => 0n),
  ];
}

/** The proof's A, B and C. */
export function pointsOf([aX, aY, bX1, bX0, bY1, bY0, cX, cY]: readonly bigint[]) {
  const b = { x: Fp2.fromBigTuple([bX0, bX1]), y: Fp2.fromBigTuple([bY0, bY1]) };
  return [G1.fromAffine({ x: aX, y: aY }), G2.fromAffine(b), G1.fromAffine({ x: cX, y: cY })] as const;
}

/** A point of the twist; of its about 2^254 · r points practically none is in the subgroup of order r. */
export function twistPoint(seed: bigint): bigint[] {
  for (let real = seed; ; real++) {
    const x = Fp2.fromBigTuple([real, 5n]);
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2.CURVE().b);
    try {
      return g2Words(G2.fromAffine({ x, y: Fp2.sqrt(square) }));
    } catch {
      // Half of all values have no square root: try the next.
    }
  }
}
