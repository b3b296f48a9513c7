import { poseidon2, poseidon3, poseidon4, poseidon5, poseidon16 } from "poseidon-lite";

const BY_LENGTH = new Map([
  [2, poseidon2],
  [3, poseidon3],
  [4, poseidon4],
  [5, poseidon5],
  [16, poseidon16],
]);

/** Poseidon of 2 to 5 or 16 field elements. */
export const poseidonHash = (message: readonly bigint[]): bigint => BY_LENGTH.get(message.length)!([...message]);
