import { z } from "zod";
import { parseJsonFile } from "../jsonFile.ts";
import type { KeyReport } from "../setup/phase2/checkKey.ts";

const Bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/, "want 32 bytes in lower-case hex");
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, "want a SHA-256 in lower-case hex");

const COMMON = {
  model: z.string(),
  keyId: Bytes32,
  wordCount: z.int().positive(),
  modelHash: Bytes32,
  /** keccak-256 of the r1cs file. */
  circuitHash: Bytes32,
  /** Of files, by name: the model, its circuit, what circom and the setup made of it. */
  sha256: z
    .object({ "model.onnx": Sha256, "circuit.r1cs": Sha256, "circuit.zkey": Sha256, "vkey.json": Sha256 })
    .catchall(Sha256),
  /** Version of the compiler. */
  circom2: z.string(),
};

const PHASE_2 = {
  ptau: z.strictObject({
    sha256: Sha256,
    power: z.int().positive(),
    /** Name of the published file that it is, null for one that nobody vouches for: untrusted. */
    pinned: z.string().nullable(),
  }),
  contributions: z
    .array(
      z.strictObject({
        type: z.enum(["contribution", "beacon"]),
        name: z.string(),
        /** blake2b-512 of the contribution's public key. */
        hash: z.string().regex(/^[0-9a-f]{128}$/, "want a blake2b-512 in lower-case hex"),
      }),
    )
    .min(1),
  beacon: z.strictObject({ hash: z.string(), iterationsExp: z.int() }).nullable(),
};

/** Every hash between the ONNX file and the key, and how the key was made: lock.json of a key folder. */
export const Lock = z.discriminatedUnion("setup", [
  z.strictObject({ ...COMMON, setup: z.literal("dealer") }),
  z.strictObject({ ...COMMON, setup: z.literal("self"), ...PHASE_2 }),
  z.strictObject({ ...COMMON, setup: z.literal("ceremony"), ...PHASE_2 }),
]);

export type Lock = z.infer<typeof Lock>;
export type SetupKind = Lock["setup"];
/** How a key was made: what a lock states beside hashes. */
export type SetupFacts =
  | { readonly setup: "dealer" }
  | ({ readonly setup: "self" | "ceremony" } & Pick<KeyReport, "ptau" | "contributions" | "beacon">);

/** Reads a lock.json. Throws InputError naming the file and the entry that is wrong. */
export const readLock = (path: string): Promise<Lock> => parseJsonFile(path, Lock);
