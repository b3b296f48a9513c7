/** Public signals of every statement (ADR-0001). */
const SIGNALS = 3;

const PAIRING_BASE = 45_000;
const PAIRING_PER_PAIR = 34_000;
const SCALAR_MULTIPLICATION = 6_000;
const POINT_ADDITION = 150;

/**
 * What the EVM's precompiles alone charge for one Groth16 verification: four pairs, and a multiplication and an addition
 * a public signal (EIP-1108). No verifier can cost less.
 */
export const VERIFY_GAS_FLOOR =
  PAIRING_BASE + 4 * PAIRING_PER_PAIR + SIGNALS * (SCALAR_MULTIPLICATION + POINT_ADDITION);
