import { InputError } from "../errors.ts";
import type { Vkey } from "../groth16/verifyingKey.ts";
import { isDealerKey } from "./dealerConstants.ts";

/**
 * How a key was made, as records and lock files state it. Throws InputError for every key but the dealer's: no other
 * setup leaves anything yet by which a record could prove its kind.
 */
export function setupKindOf(vkey: Vkey): "dealer" {
  if (isDealerKey(vkey)) return "dealer";
  throw new InputError("vkey: not a dealer's key, and ceremonies are not supported yet; want a key made by setup");
}
