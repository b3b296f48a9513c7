import { commitInput } from "../../codec/commitment.ts";
import { toBytes32, type Job } from "../../codec/statement.ts";
import { InputError } from "../../errors.ts";
import { infer } from "../../model/infer.ts";
import type { Opening } from "../serveJob.ts";
import { Refusal } from "./desk.ts";
import type { Offer } from "./offer.ts";

/**
 * The words that the model gives for an opening. The commitment comes first, so that only an input that the job pays
 * for is run. Throws Refusal.
 */
export function wordsForJob(offer: Offer, job: Job, opening: Opening): readonly bigint[] {
  requireOpens(offer, job, opening);
  return infer(offer.model.graph, opening.inputs, opening.salt).words;
}

/** Throws Refusal unless the opening is of integers that the model takes and opens the job's commitment. */
export function requireOpens({ model }: Offer, job: Job, { inputs, salt }: Opening): void {
  const commitment = toBytes32(committed(() => commitInput(model.graph.inputs, inputs, salt)));
  if (commitment !== job.inputCommitment)
    throw new Refusal("input-mismatch", `the input commits to ${commitment}, the job to ${job.inputCommitment}`);
}

function committed(commit: () => bigint): bigint {
  try {
    return commit();
  } catch (error) {
    if (error instanceof InputError) throw new Refusal("input-invalid", error.message, { cause: error });
    throw error;
  }
}
