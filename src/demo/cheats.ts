import { inferForJob, type Opening } from "../agent/serveJob.ts";
import { openJob } from "../agent/openJob.ts";
import { mineAndExplain, type Outcome } from "../chain/revert.ts";
import { toBytes32, type Hex, type Job } from "../codec/statement.ts";
import { BASE_ORDER, SCALAR_ORDER } from "../field.ts";
import { toCalldata, type Proof } from "../groth16/proof.ts";
import type { Prover } from "../groth16/prover.ts";
import { infer } from "../model/infer.ts";
import { proveInference, type ProvenInference } from "../model/proveInference.ts";
import { quoteJob, type Market, type Role } from "./market.ts";

/** An attempt to be paid without the proof that the job asks for, as a mined transaction. */
export interface CheatResult {
  readonly name: string;
  readonly refused: boolean;
  /** The custom error it reverted with; null where it went through. */
  readonly error: string | null;
}

/** What the cheats start from: an open job with its opening and honest proof, which nobody has submitted yet. */
export interface CheatScene {
  readonly market: Market;
  readonly prover: Prover;
  readonly job: Job;
  readonly opening: Opening;
  readonly proven: ProvenInference;
  /** Another admissible input. */
  readonly otherInputs: readonly (readonly bigint[])[];
}

/** Attempts on a job before it is settled. Every one must leave the job as it was. */
export async function cheatBeforeSettling(scene: CheatScene): Promise<CheatResult[]> {
  return [await otherOutput(scene), await otherInput(scene), await copiedProof(scene), await oversizedSignal(scene)];
}

/** The provider claims another logit: the proof does not show it. */
async function otherOutput({ market, job, proven }: CheatScene): Promise<CheatResult> {
  const words = proven.inference.words.map((word, index) => (index === 0 ? word ^ 1n : word));
  return attempt(market, "another output", "provider", job, words, proven.proof);
}

/** The provider proves the model honestly, on an input of its own choice. */
async function otherInput({ market, prover, job, opening, otherInputs, proven }: CheatScene): Promise<CheatResult> {
  const inference = infer(market.model.graph, otherInputs, opening.salt);
  const other = await proveInference(prover, market.model.keyId, inference, proven.subject);
  return attempt(market, "another input", "provider", job, inference.words, other.proof);
}

/** A copier sees the honest settlement in the mempool and submits its proof for a job that pays the copier. */
async function copiedProof({ market, job, proven }: CheatScene): Promise<CheatResult> {
  const { copier } = market.people;
  const own = { ...job, client: copier.address, provider: copier.address };
  await openJob(market.tollgate.escrow, copier, own);
  return attempt(market, "copied proof for the copier's own job", "copier", own, proven.inference.words, proven.proof);
}

/** Input commitment + r is the same field element in another encoding: a second record of one fact. */
async function oversizedSignal({ market, proven }: CheatScene): Promise<CheatResult> {
  const { settlement } = market.tollgate;
  const commitment = toBytes32(proven.inference.inputCommitment + SCALAR_ORDER);
  const data = settlement.interface.encodeFunctionData("verifyAndSettle", [
    market.registration.modelId,
    commitment,
    [...proven.inference.words],
    proven.subject,
    toCalldata(proven.proof),
  ]);
  return judge("a signal ≥ r", await send(market, "provider", await settlement.getAddress(), data));
}

/** After the settlement: the same proof as (−A, −B), which is as valid, to be paid twice. */
export async function replayOtherEncoding({ market, job, proven }: CheatScene): Promise<CheatResult> {
  const [ax, ay, bx1, bx0, by1, by0, cx, cy] = proven.proof;
  const negated: Proof = [ax, BASE_ORDER - ay, bx1, bx0, BASE_ORDER - by1, BASE_ORDER - by0, cx, cy];
  return attempt(market, "replay with another encoding of the proof", "provider", job, proven.inference.words, negated);
}

/** An honest proof that arrives at the deadline. */
export async function settleLate(scene: CheatScene): Promise<CheatResult> {
  const { market, prover, opening } = scene;
  const job = await quoteJob(market, scene.proven.inference.inputCommitment, { nonce: scene.job.nonce + 1n });
  const { jobId } = await openJob(market.tollgate.escrow, market.people.client, job);
  const late = await proveInference(prover, market.model.keyId, inferForJob(market.model, job, opening), jobId);
  await market.ethers.provider.send("evm_setNextBlockTimestamp", [Number(job.deadline)]);
  return attempt(market, "a late settle", "provider", job, late.inference.words, late.proof);
}

async function attempt(
  market: Market,
  name: string,
  by: Role,
  job: Job,
  words: readonly bigint[],
  proof: Proof,
): Promise<CheatResult> {
  const { escrow } = market.tollgate;
  const data = escrow.interface.encodeFunctionData("settle", [job, [...words], toCalldata(proof)]);
  return judge(name, await send(market, by, await escrow.getAddress(), data));
}

const send = ({ ethers, people, tollgate }: Market, by: Role, to: string, data: Hex): Promise<Outcome> =>
  mineAndExplain(ethers, people[by], { to, data }, [
    tollgate.escrow.interface,
    tollgate.registry.interface,
    tollgate.settlement.interface,
  ]);

const judge = (name: string, { error }: Outcome): CheatResult => ({
  name,
  refused: error !== undefined,
  error: error ?? null,
});
