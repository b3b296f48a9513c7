// `tollgate/browser`: verifying and buying without Node: no import of Node's, no Buffer, no process.
export { signJob, signOrder } from "../agent/signJob.ts";
export {
  CLAIM_FILES,
  checkClaim,
  type Check,
  type ClaimFiles,
  type ClaimReport,
  type FileRole,
} from "../browser/checkClaim.ts";
export { packWords, unpackWords, type CodecTensor } from "../codec/codec.ts";
export { commitInput, randomSalt } from "../codec/commitment.ts";
export {
  FUNDING,
  JOB_STATES,
  contextOf,
  jobIdOf,
  keyIdOf,
  orderIdOf,
  toBytes32,
  type Hex,
  type Job,
} from "../codec/statement.ts";
export { InputError } from "../errors.ts";
export { toCalldata, type Proof } from "../groth16/proof.ts";
export { verifyProof } from "../groth16/verify.ts";
export { parseVerifyingKey, toContractKey, type Vkey } from "../groth16/verifyingKey.ts";
export { decodeOutputs, type DecodedOutput } from "../ir/decodeOutputs.ts";
export { encodeInputs } from "../ir/encodeInputs.ts";
export { modelHashOf } from "../ir/modelHash.ts";
export type { Claim } from "../model/claim.ts";
export { signalsOf } from "../model/infer.ts";
export { parseClaim } from "../model/parseClaim.ts";
