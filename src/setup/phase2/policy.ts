import { bn254 } from "@noble/curves/bn254.js";
import type { KeyCheck } from "./checkKey.ts";
import { label } from "./checkTranscript.ts";
import type { Contribution } from "./contributions.ts";
import type { Phase2Key } from "./phase2Key.ts";
import type { CeremonyTerms } from "./terms.ts";

/** What else a key must be than whole: no arithmetic can show that a secret is one. */
export function checkPolicy(key: Phase2Key, files: AnnouncedFiles, terms: CeremonyTerms | undefined): KeyCheck[] {
  const shared = [checkCount(key, terms?.contributions ?? 1), checkEffect(key)];
  const beacons = key.contributions.filter(({ beacon }) => beacon !== undefined);
  if (terms === undefined) return [...shared, checkBeaconPlace(key, beacons.length <= 1)];
  return [
    ...shared,
    checkBeaconPlace(key, beacons.length === 1),
    checkAnnouncedBeacon(key, terms),
    checkAnnounced("announced powers of tau", files.ptauSha256, terms.ptau.sha256),
    checkAnnounced("announced circuit", files.circuitHash, terms.circuitHash),
  ];
}

/** Hashes of the files that the key was checked against. */
export interface AnnouncedFiles {
  readonly ptauSha256: string;
  readonly circuitHash: string;
}

/** Everybody can compute a beacon's secret: only the others keep δ unknown. */
function checkCount({ contributions }: Phase2Key, wanted: number): KeyCheck {
  const count = contributions.filter(({ beacon }) => beacon === undefined).length;
  const detail = `${count} contribution${count === 1 ? "" : "s"} beside beacons, want at least ${wanted}`;
  return { name: "contributions", ok: count >= wanted, detail };
}

/**
 * Secrets whose product is 1 are none, and a δ that is γ proves everything. A δ that was there before, γ being the first, up
 * to sign, shows that nobody's secret is left of the contributions in between.
 */
function checkEffect({ contributions, delta2 }: Phase2Key): KeyCheck {
  const deltas = [bn254.G1.Point.BASE, ...contributions.map(({ deltaAfter }) => deltaAfter)].map(({ x }) => x);
  const idle = contributions.findIndex((_, index) => deltas.indexOf(deltas[index + 1]) <= index);
  const isGamma = delta2.equals(bn254.G2.Point.BASE);
  const detail = isGamma
    ? "δ is the generator: whoever reads the key can forge"
    : idle === -1
      ? "every contribution changes δ, none brings an earlier one back, and δ is not γ"
      : `${label(idle, contributions[idle])} leaves δ, but for its sign, as it was before, or brings an earlier one back`;
  return { name: "secret delta", ok: !isGamma && idle === -1, detail };
}

function checkBeaconPlace({ contributions }: Phase2Key, isRightCount: boolean): KeyCheck {
  const places = contributions.flatMap(({ beacon }, index) => (beacon === undefined ? [] : [index + 1]));
  const ok = isRightCount && places.every((place) => place === contributions.length);
  const where = places.length === 0 ? "no beacon" : `beacon: contribution ${places.join(", ")}`;
  return {
    name: "beacon place",
    ok,
    detail: `${where} of ${contributions.length}${ok ? "" : ", want one at the end"}`,
  };
}

function checkAnnouncedBeacon({ contributions }: Phase2Key, { beacon: wanted }: CeremonyTerms): KeyCheck {
  const name = "announced beacon";
  if (wanted.hash === null)
    return {
      name,
      ok: false,
      detail: `the terms lack the value of ${JSON.stringify(wanted.source)}, want beacon.hash`,
    };
  const last = contributions.at(-1)?.beacon;
  const got =
    last === undefined ? "no beacon" : describeBeacon(Buffer.from(last.value).toString("hex"), last.iterationsExp);
  const want = describeBeacon(wanted.hash, wanted.iterationsExp);
  const copy = findCopy(contributions);
  if (copy !== -1) return { name, ok: false, detail: `${label(copy, contributions[copy])} has the beacon's secret` };
  return { name, ok: got === want, detail: got === want ? `${want} of ${wanted.source}` : `${got}, want ${want}` };
}

/** The transcript does not cover which contribution calls itself a beacon: the value must not be used for another. */
function findCopy(contributions: readonly Contribution[]): number {
  const beacon = contributions.at(-1);
  return contributions.slice(0, -1).findIndex(({ s }) => beacon !== undefined && s.equals(beacon.s));
}

const describeBeacon = (hash: string, iterationsExp: number): string => `${hash} hashed 2^${iterationsExp} times`;

function checkAnnounced(name: string, got: string, wanted: string): KeyCheck {
  return { name, ok: got === wanted, detail: got === wanted ? got : `${got}, want ${wanted}` };
}
