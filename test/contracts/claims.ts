import type { NetworkConnection } from "hardhat/types/network";
import type { Hex } from "../../src/codec/statement.ts";
import { keyIdOf, toBytes32 } from "../../src/codec/statement.ts";
import type { Trapdoor } from "../fixtures/mint.ts";
import { keyOf, mintStatement, scalarOf, siblingOf, trapdoorOf } from "../fixtures/mint.ts";
import { wordsOf } from "./market.ts";

/** A published key whose trapdoor is known. */
export interface KnownKey {
  readonly keyId: Hex;
  readonly wordCount: number;
  readonly trapdoor: Trapdoor;
}

/** A claim with its key, as `verifyBatch` takes them in two lists. */
export interface KeyedClaim {
  readonly keyId: Hex;
  readonly inputCommitment: Hex;
  readonly words: readonly bigint[];
  readonly subject: Hex;
  readonly proof: readonly bigint[];
}

/** A valid claim; its number decides input, words, subject and the proof's randomness. */
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

/** A registry with `count` keys of one setup. */
export async function deployKeys({ ethers }: NetworkConnection, count: number, wordCount = 1) {
  const registry = await ethers.deployContract("ModelRegistry");
  const publish = async (trapdoor: Trapdoor): Promise<KnownKey> => {
    const key = keyOf(trapdoor);
    await registry.publishKey(key, wordCount);
    return { keyId: keyIdOf(key, wordCount), wordCount, trapdoor };
  };
  const setup = trapdoorOf("batch");
  const keys: KnownKey[] = [];
  for (let index = 0; index < count; index++) keys.push(await publish(siblingOf(setup, `batch key ${index}`)));
  return { registry, keys, publish };
}

/** The two lists that `verifyBatch` and `findInvalid` take. */
export const listsOf = (claims: readonly KeyedClaim[]) =>
  [
    claims.map(({ keyId }) => keyId),
    claims.map(({ inputCommitment, words, subject, proof }) => ({
      inputCommitment,
      words: [...words],
      subject,
      proof: [...proof],
    })),
  ] as const;
