import { createHash } from "node:crypto";
import { bn254 } from "@noble/curves/bn254.js";
import type { G1Point, G2Point } from "../../groth16/points.ts";
import type { KeyCheck } from "./checkKey.ts";
import type { Contribution } from "./contributions.ts";
import type { Phase2Key } from "./phase2Key.ts";
import { beaconRandom, createSnarkjsRandom } from "./snarkjsRandom.ts";

const { Fp12 } = bn254.fields;

/**
 * The contributions of a key: each transcript hashes what came before, each maker knew the secret that took δ from one
 * contribution to the next, beacons have the secret of their value, and the key's δ is the last one's.
 */
export async function checkTranscript(key: Phase2Key): Promise<KeyCheck[]> {
  const { contributions } = key;
  const challenges = contributions.map(({ transcript }) => createSnarkjsRandom(transcript).g2());
  const deltas = [bn254.G1.Point.BASE, ...contributions.map(({ deltaAfter }) => deltaAfter)];
  const expected = transcriptsOf(key);
  const each = async (name: string, passed: string, holds: (index: number) => boolean | Promise<boolean>) => {
    for (const [index, contribution] of contributions.entries())
      if (!(await holds(index))) return { name, ok: false, detail: `${label(index, contribution)}: not ${passed}` };
    return { name, ok: true, detail: `${passed} (contributions: ${contributions.length})` };
  };
  return [
    await each("transcript", "the hash of all that came before", (index) =>
      expected[index].equals(contributions[index].transcript),
    ),
    await each("knowledge of secrets", "a proof for its transcript", (index) =>
      isSameRatio(contributions[index].s, contributions[index].sx, challenges[index], contributions[index].spx),
    ),
    await each("chain", "the δ before times the secret that was proven", (index) =>
      isSameRatio(deltas[index], deltas[index + 1], challenges[index], contributions[index].spx),
    ),
    await each("beacon value", "the secret of its value and iterations, if a beacon", (index) =>
      hasBeaconSecret(contributions[index]),
    ),
    checkDelta(key, deltas[deltas.length - 1]),
  ];
}

/** Names a contribution in messages: its number from 1 and its name in quotes. */
export const label = (index: number, { name }: Pick<Contribution, "name">): string =>
  `contribution ${index + 1} (${JSON.stringify(name)})`;

/** Whether sx/s and qx/q are one scalar: e(s, qx) = e(sx, q). No point may be at infinity. */
export function isSameRatio(s: G1Point, sx: G1Point, q: G2Point, qx: G2Point): boolean {
  const product = bn254.pairingBatch([
    { g1: s, g2: qx },
    { g1: sx.negate(), g2: q },
  ]);
  return Fp12.eql(product, Fp12.ONE);
}

function transcriptsOf({ circuitHash, contributions }: Phase2Key): Buffer[] {
  const before = createHash("blake2b512").update(circuitHash);
  return contributions.map(({ announced, publicKey }) => {
    const transcript = before.copy().update(announced).digest();
    before.update(publicKey);
    return transcript;
  });
}

async function hasBeaconSecret({ beacon, s, sx }: Contribution): Promise<boolean> {
  if (beacon === undefined) return true;
  const random = await beaconRandom(beacon.value, beacon.iterationsExp);
  const secret = random.scalar();
  const point = random.g1();
  return s.equals(point) && sx.equals(point.multiply(secret));
}

function checkDelta({ delta1, delta2 }: Phase2Key, last: G1Point): KeyCheck {
  const isLast = delta1.equals(last);
  const isPair = isSameRatio(bn254.G1.Point.BASE, delta1, bn254.G2.Point.BASE, delta2);
  const detail = !isLast
    ? "the key's δ is not the one after its last contribution"
    : isPair
      ? "one scalar in G1 and G2, as the last contribution left it"
      : "δ in G1 and δ in G2 are not one scalar";
  return { name: "delta", ok: isLast && isPair, detail };
}
