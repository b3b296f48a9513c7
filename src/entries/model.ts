// `tollgate/model`: from a model file to a proof, and whether a proof holds. Node only; nothing here needs a chain.
export { InputError } from "../errors.ts";
export { createProver, type Prover } from "../groth16/prover.ts";
export { toCalldata, type Proof } from "../groth16/proof.ts";
export { verifyProof } from "../groth16/verify.ts";
export { parseVerifyingKey, type Vkey } from "../groth16/verifyingKey.ts";
export { decodeOutputs, type DecodedOutput } from "../ir/decodeOutputs.ts";
export { encodeInputs } from "../ir/encodeInputs.ts";
export type { IntegerGraph } from "../ir/integerGraph.ts";
export { buildModel, shippedModel } from "../model/buildModel.ts";
export type { Claim } from "../model/claim.ts";
export { claimToJson, openingToJson } from "../model/claimFile.ts";
export type { CompiledModel } from "../model/compileModel.ts";
export type { ImportOptions } from "../model/importModel.ts";
export { infer, signalsOf, type Inference } from "../model/infer.ts";
export { readInputRows } from "../model/modelFiles.ts";
export { parseClaim } from "../model/parseClaim.ts";
export { proveInference, type ProvenInference } from "../model/proveInference.ts";
export { setupModel, withKey, type KeyedModel, type SetUpModel } from "../model/setupModel.ts";
