import { sha512 } from "@noble/hashes/sha2.js";
import { hexlify, toUtf8Bytes } from "ethers";
import { SCALAR_ORDER } from "../field.ts";
import type { SetupSecrets } from "./keyScalars.ts";

/** The dealer's secrets that are the same for every circuit (ADR-0001, "Dealer"). */
export const dealerSharedSecrets = (): Omit<SetupSecrets, "delta"> => ({
  tau: dealerScalar("tau"),
  alpha: dealerScalar("alpha"),
  beta: dealerScalar("beta"),
});

/** A secret by its name and what else it depends on. */
export function dealerScalar(label: string, data: Uint8Array = new Uint8Array()): bigint {
  const hash = sha512
    .create()
    .update(toUtf8Bytes(`tollgate dealer v1\0${label}\0`))
    .update(data)
    .digest();
  return (BigInt(hexlify(hash)) % (SCALAR_ORDER - 1n)) + 1n;
}
