import { InputError } from "../errors.ts";
import type { Vkey } from "../groth16/verifyingKey.ts";
import { isDealerKey } from "./dealerConstants.ts";

/**
 * How a key was made, as far as the key itself shows it. Throws InputError for every key but the dealer's: how another was
 * made is in the lock.json of its folder.
 */
export function setupKindOf(vkey: Vkey): "dealer" {
  if (isDealerKey(vkey)) return "dealer";
  throw new InputError("vkey: not a dealer's key; how it was made is in the lock.json of its folder");
}
