import { getAddress } from "ethers";
import { jobIdOf, type Hex, type Job } from "../../codec/statement.ts";
import type { Opening } from "../serveJob.ts";
import { jobToJson, parseJob } from "../wireJson.ts";
import { requireOpens, wordsForJob } from "./checkOpening.ts";
import { checkModelLive, requireCapacity, requireNonceFree } from "./checkOrder.ts";
import { checkOpenedTerms, offerOf } from "./checkTerms.ts";
import { checkFeasible } from "./checkTime.ts";
import { Refusal } from "./desk.ts";
import type { DeskContext } from "./deskContext.ts";
import { newRow, type JobRow } from "./jobsTable.ts";
import { standingOf } from "./standing.ts";

/** Journals the input of a job that its client opened on chain, where it is one to serve. Throws Refusal. */
export async function takeInput(
  context: DeskContext,
  jobId: Hex,
  terms: Job | undefined,
  opening: Opening,
): Promise<void> {
  const { jobs } = context;
  const row = jobs.find(jobId) ?? rowOfTerms(context, jobId, terms);
  const { job } = row;
  const offer = offerOf(context, job);
  if (row.status !== "waiting") return requireSameInput(context, row, opening);
  checkOpenedTerms(context, job, offer);
  await checkFeasible(context, job, offer);
  requireCapacity(context, job.client);
  await checkModelLive(context, offer);
  await requireOpen(context, row);
  const words = wordsForJob(offer, job, opening);
  jobs.insert(row, () => {
    requireNonceFree(context, row, jobId);
    return jobs.find(jobId) === undefined;
  });
  jobs.update(jobId, { status: "accepted", opening, words }, () => {
    requireCapacity(context, job.client);
    return jobs.find(jobId)!.status === "waiting";
  });
  // A look at the chain may have moved the job on meanwhile, and then this input was not taken.
  requireSameInput(context, jobs.find(jobId)!, opening);
}

/** A commitment opens to one input only, so whoever knows that input gets the job that it is of. */
function requireSameInput(context: DeskContext, row: JobRow, opening: Opening): void {
  if (row.words === undefined) throw new Refusal("job-not-open", `job ${row.id} is over: ${row.reason ?? row.status}`);
  try {
    requireOpens(offerOf(context, row.job), row.job, opening);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal("input-known", `job ${row.id} has its input already: ${error.message}`, { cause: error });
  }
}

async function requireOpen({ chain }: DeskContext, row: JobRow): Promise<void> {
  const standing = await standingOf(chain, row, "latest");
  if (standing !== "Funded")
    throw new Refusal("job-not-open", `the escrow has job ${row.id} as ${standing}, want Funded`);
}

function rowOfTerms(context: DeskContext, jobId: Hex, terms: Job | undefined): JobRow {
  const { chain } = context;
  if (terms === undefined) throw new Refusal("unknown-job", `job ${jobId} is not known here, want its terms`);
  const contract = getAddress(String(chain.escrow.target));
  const job = parseJob(jobToJson(terms));
  const id = jobIdOf(job, chain.chainId, contract);
  if (id !== jobId) throw new Refusal("wrong-terms", `the terms are those of job ${id}, want ${jobId}`);
  return newRow(
    id,
    { contract, job, signature: "0x", fundingData: "0x" },
    offerOf(context, job).name,
    "chain",
    context.clock.head.number,
  );
}
