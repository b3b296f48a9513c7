/** Public signals of every statement (ADR-0001). */
const SIGNALS = 3;

/** EIP-1108 and EIP-196: prices of the BN254 precompiles. */
const PAIRING_BASE = 45_000;
const PAIRING_PER_PAIR = 34_000;
const SCALAR_MULTIPLICATION = 6_000;
const POINT_ADDITION = 150;
const TERM = SCALAR_MULTIPLICATION + POINT_ADDITION;

/**
 * What the EVM's precompiles alone charge for one Groth16 verification: four pairs, and a multiplication and an addition
 * a public signal. No verifier can cost less.
 */
export const VERIFY_GAS_FLOOR = PAIRING_BASE + 4 * PAIRING_PER_PAIR + SIGNALS * TERM;

/**
 * The same for one of `proofs` that are verified by one random combination under `keys` keys of common α, β and γ: the
 * pairs of α, of γ and of each key's δ, and for each proof one pair and two weighted points, the first's weight being 1.
 */
export function batchGasFloor(proofs: number, keys: number): number {
  const shared = PAIRING_BASE + 2 * PAIRING_PER_PAIR - TERM;
  const each = PAIRING_PER_PAIR + 2 * TERM - POINT_ADDITION;
  const key = PAIRING_PER_PAIR + SCALAR_MULTIPLICATION + SIGNALS * TERM;
  return Math.round((shared + proofs * each + keys * key) / proofs);
}
