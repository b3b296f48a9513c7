import type { Signer, TransactionReceipt } from "ethers";
import type { InferenceEscrow } from "../../build/hardhat/types/index.ts";
import { erc20At } from "../chain/erc20.ts";
import { InputError } from "../errors.ts";
import { FUNDING, jobIdOf, type Hex, type Job } from "../codec/statement.ts";

/** A job whose amount the escrow holds. */
export interface OpenedJob {
  readonly job: Job;
  readonly jobId: Hex;
  readonly receipt: TransactionReceipt;
}

/** Approves exactly the job's amount to the escrow's collector and opens the job; `client` must be `job.client`. */
export async function openJob(escrow: InferenceEscrow, client: Signer, job: Job): Promise<OpenedJob> {
  if (job.funding !== FUNDING.allowance)
    throw new InputError(`funding ${job.funding}: want ${FUNDING.allowance}, allowance`);
  const collector = await escrow.collectorOf(FUNDING.allowance);
  await (await erc20At(job.token, client).approve(collector, job.amount)).wait();
  const receipt = await (await escrow.connect(client).open(job, "0x")).wait();
  const { chainId } = await client.provider!.getNetwork();
  return { job, jobId: jobIdOf(job, chainId, await escrow.getAddress()), receipt: receipt! };
}
