import type { Signer, TransactionReceipt } from "ethers";
import type { InferenceEscrow } from "../../build/hardhat/types/index.ts";
import { JOB_STATES, jobIdOf, toBytes32, type Hex, type Job } from "../codec/statement.ts";
import { InputError } from "../errors.ts";
import { toCalldata } from "../groth16/proof.ts";
import type { Prover } from "../groth16/prover.ts";
import { infer, type Inference } from "../model/infer.ts";
import { proveInference, type ProvenInference } from "../model/proveInference.ts";
import type { SetUpModel } from "../model/setupModel.ts";

/** What a client sends its provider off chain: the input behind the job's commitment. */
export interface Opening {
  /** One array of integers an input tensor. */
  readonly inputs: readonly (readonly bigint[])[];
  readonly salt: bigint;
}

/** Runs the model on an opening. Throws InputError unless it opens the job's input commitment. */
export function inferForJob(model: SetUpModel, job: Job, { inputs, salt }: Opening): Inference {
  const inference = infer(model.graph, inputs, salt);
  const got = toBytes32(inference.inputCommitment);
  if (got !== job.inputCommitment) {
    throw new InputError(
      `the input does not open the job's commitment: it commits to ${got}, want ${job.inputCommitment}`,
    );
  }
  return inference;
}

/** Throws InputError unless the escrow holds the money for the job; a bond may be put up before or after proving. */
async function requireFunded(escrow: InferenceEscrow, job: Job): Promise<void> {
  const state = JOB_STATES[Number(await escrow.stateOf(job))];
  const wanted = job.bond === 0n ? ["Funded"] : ["Funded", "Accepted"];
  if (!wanted.includes(state)) throw new InputError(`the job is ${state}, want ${wanted.join(" or ")}`);
}

/** Checks the job and its opening, runs the model, and proves the result for this job and no other. */
export async function proveForJob(
  escrow: InferenceEscrow,
  model: SetUpModel,
  prover: Prover,
  job: Job,
  opening: Opening,
): Promise<ProvenInference> {
  await requireFunded(escrow, job);
  const inference = inferForJob(model, job, opening);
  return proveInference(prover, model.keyId, inference, await subjectOf(escrow, job));
}

/** Settles a job with its proof; the payment becomes the provider's credit whoever sends this. */
export async function settleJob(
  escrow: InferenceEscrow,
  sender: Signer,
  job: Job,
  { inference, proof }: ProvenInference,
): Promise<TransactionReceipt> {
  const transaction = await escrow.connect(sender).settle(job, [...inference.words], toCalldata(proof));
  return (await transaction.wait())!;
}

async function subjectOf(escrow: InferenceEscrow, job: Job): Promise<Hex> {
  const { chainId } = await escrow.runner!.provider!.getNetwork();
  return jobIdOf(job, chainId, await escrow.getAddress());
}
