import { z } from "zod";
import { parseJsonFile } from "../../jsonFile.ts";

/** Fewest and most iterations of a beacon's hash, as powers of two: snarkjs's own least, and twenty minutes. */
export const BEACON_ITERATIONS = { least: 10, most: 30 } as const;

/** What a ceremony announces before its first contribution: ceremony.json. */
export const CeremonyTerms = z.strictObject({
  /** Fewest contributions beside the beacon. */
  contributions: z.int().min(2, "want at least 2: with one, its maker alone could forge"),
  /** The last contribution, which nobody could choose. */
  beacon: z.strictObject({
    /** Where the value comes from, decided before it exists: a round of a public randomness service, a block's hash. */
    source: z.string().min(1),
    /** The value itself, null until the source has published it. */
    hash: z
      .string()
      .regex(/^([0-9a-f]{2}){16,255}$/, "want 16 to 255 bytes in lower-case hex, without 0x")
      .nullable(),
    iterationsExp: z.int().min(BEACON_ITERATIONS.least).max(BEACON_ITERATIONS.most),
  }),
  ptau: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/, "want a SHA-256 in lower-case hex") }),
  /** keccak-256 of the r1cs file, as the registry takes it. */
  circuitHash: z.string().regex(/^0x[0-9a-f]{64}$/, "want 32 bytes in lower-case hex"),
});

export type CeremonyTerms = z.infer<typeof CeremonyTerms>;

/** Reads a ceremony.json. Throws InputError naming the file and the entry that is wrong. */
export const readTerms = (path: string): Promise<CeremonyTerms> => parseJsonFile(path, CeremonyTerms);
