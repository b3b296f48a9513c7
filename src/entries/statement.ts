// `tollgate/statement`: what a proof is about, in the bytes that circuits and contracts share (ADR-0001).
export { highest, lowest, packWords, unpackWords, type CodecTensor } from "../codec/codec.ts";
export { commit, commitInput, randomSalt } from "../codec/commitment.ts";
export {
  FUNDING,
  JOB_STATES,
  contextOf,
  hashWords,
  jobIdOf,
  keyIdOf,
  modelIdOf,
  orderIdOf,
  outputCommitmentOf,
  toBytes32,
  type Hex,
  type Job,
  type ModelCommitment,
  type VerifyingKey,
} from "../codec/statement.ts";
