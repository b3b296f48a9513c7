import type { Signer } from "ethers";
import { FUNDING, type Hex, type Job } from "../../codec/statement.ts";
import type { Trust } from "./guard.ts";
import { chainTime, orderOnChain } from "./orderOnChain.ts";
import { refresh } from "./refresh.ts";

/** What came back. */
export interface Reclaimed {
  readonly refunded: readonly { readonly jobId: Hex; readonly amount: bigint; readonly transaction: Hex }[];
  readonly withdrawn: readonly { readonly token: Hex; readonly amount: bigint; readonly transaction: Hex }[];
}

/** Refunds every deposit that is due, and withdraws all credits of the wallet in the tokens that it ordered with. */
export async function reclaim(trust: Trust, wallet: Signer): Promise<Reclaimed> {
  await refresh(trust);
  const refunded = await refundDue(trust, wallet);
  const withdrawn = await withdrawCredits(trust, wallet);
  await refresh(trust);
  return { refunded, withdrawn };
}

/** A refund that was made already, by whomever, is none any more: a repeated run sends nothing twice. */
async function refundDue({ chain, purchases }: Trust, wallet: Signer): Promise<Reclaimed["refunded"]> {
  const refunded = [];
  const { timestamp } = await chainTime(chain);
  const escrow = chain.escrow.connect(wallet.connect(chain.provider));
  for (const purchase of purchases.refundable(timestamp)) {
    const { job, jobId } = purchase;
    if (job.funding === FUNDING.prepaid) continue;
    const isFunded = async () => (await orderOnChain(chain, purchase)).state === "funded";
    if (!(timestamp >= job.deadline || (await isStopped(chain, job))) || !(await isFunded())) continue;
    const receipt = await (await escrow.refund(job)).wait();
    refunded.push({ jobId, amount: job.amount, transaction: receipt!.hash });
  }
  return refunded;
}

/** By the registry's word: the record may have dropped the model since. */
const isStopped = async ({ registry }: Trust["chain"], { modelId }: Job): Promise<boolean> =>
  registry.isStopped((await registry.termsOf(modelId)).keyId);

async function withdrawCredits(
  { chain, purchases, client, token }: Trust,
  wallet: Signer,
): Promise<Reclaimed["withdrawn"]> {
  const withdrawn = [];
  const signer = wallet.connect(chain.provider);
  for (const ledger of [chain.escrow, chain.prepaid]) {
    for (const owed of new Set([token, ...purchases.tokens()])) {
      const amount = await ledger.creditOf(client, owed);
      if (amount === 0n) continue;
      const receipt = await (await ledger.connect(signer).getFunction("withdraw")(owed, client)).wait();
      withdrawn.push({ token: owed, amount, transaction: receipt!.hash as Hex });
    }
  }
  return withdrawn;
}
