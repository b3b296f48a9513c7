import { getAddress, isAddress } from "ethers";
import { z } from "zod";
import { checkSchema } from "../checkSchema.ts";
import type { Hex, Job } from "../codec/statement.ts";
import { SCALAR_ORDER } from "../field.ts";
import type { Opening } from "./serveJob.ts";

/** JSON forms of what agents send each other: integers are decimal strings, addresses and bytes are hex. */

const bytes = (length: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${2 * length}}$`), `want ${length} bytes in hex`)
    .transform((hex): Hex => hex.toLowerCase());

export const Bytes32 = bytes(32);
/** r, s and v, or any other that a contract wallet takes. */
export const SignatureBytes = z.string().regex(/^0x([0-9a-fA-F]{2}){1,2048}$/, "want a signature in hex");
export const Address = z
  .string()
  .refine(
    (text) => text.startsWith("0x") && isAddress(text),
    "want an address, with the capitals of its checksum if any",
  )
  .transform((text): Hex => getAddress(text));

/** A decimal string below `limit`, as a bigint. */
export const decimalBelow = (limit: bigint) =>
  z
    .string()
    .regex(/^(0|[1-9][0-9]{0,77})$/, "want a decimal number without leading zeros")
    .transform(BigInt)
    .refine((value) => value < limit, `want less than ${limit}`);

const Uint256 = decimalBelow(1n << 256n);
const Uint64 = decimalBelow(1n << 64n);
const Amount = decimalBelow(1n << 128n);

export const JobJson = z.strictObject({
  client: Address,
  provider: Address,
  token: Address,
  amount: Amount,
  bond: Amount,
  modelId: Uint256,
  inputCommitment: Bytes32,
  acceptBy: Uint64,
  deadline: Uint64,
  funding: z.int().min(1).max(5),
  nonce: Uint256,
});

/** One array of integers an input tensor, and the commitment's salt. */
export const OpeningJson = z.strictObject({
  inputs: z
    .array(
      z.array(
        z
          .string()
          .regex(/^(0|-?[1-9][0-9]{0,77})$/, "want an integer as a decimal string")
          .transform(BigInt),
      ),
    )
    .min(1),
  salt: decimalBelow(SCALAR_ORDER),
});

export const parseJob = (json: unknown): Job => checkSchema(JobJson, json);
export const parseOpening = (json: unknown): Opening => checkSchema(OpeningJson, json);

/** A job with its integers as decimal strings. */
export const jobToJson = (job: Job): z.input<typeof JobJson> => ({
  ...job,
  amount: String(job.amount),
  bond: String(job.bond),
  modelId: String(job.modelId),
  acceptBy: String(job.acceptBy),
  deadline: String(job.deadline),
  nonce: String(job.nonce),
});

export const openingToJson = ({ inputs, salt }: Opening): z.input<typeof OpeningJson> => ({
  inputs: inputs.map((tensor) => tensor.map(String)),
  salt: String(salt),
});
