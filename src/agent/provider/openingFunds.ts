import { erc20At } from "../../chain/erc20.ts";
import type { Order } from "../order.ts";
import type { SignedBy } from "./checkSignature.ts";
import { Refusal } from "./desk.ts";
import type { DeskContext } from "./deskContext.ts";
import type { JobRow } from "./jobsTable.ts";

/** Why a job ended whose opening cost gas and took no deposit. */
export const OPENED_IN_VAIN = "the transaction that was to open it was mined and reverted";

/** What a client has for the jobs that the provider is still to open for it. */
export interface OpeningFunds {
  /** In the job's token, base units. */
  readonly balance: bigint;
  readonly signedBy: SignedBy;
}

/** Reads a client's funds. Throws Refusal where they do not cover its order beside those before it. */
export async function checkOpeningFunds(context: DeskContext, order: Order, signedBy: SignedBy): Promise<OpeningFunds> {
  const { client, token } = order.job;
  const balance = await erc20At(token, context.chain.provider).balanceOf(client);
  const funds = { balance, signedBy };
  requireOpenable(context, order, funds);
  return funds;
}

/**
 * Throws Refusal where opening the job may cost gas for nothing: each simulation sees the same money, so the balance must
 * cover all that are still to be opened; a wallet with code can answer a simulation otherwise than a block, so it has one
 * opened at a time; and after one opening in vain a client waits until nothing can come of it any more.
 */
export function requireOpenable({ jobs }: DeskContext, order: Order, { balance, signedBy }: OpeningFunds): void {
  const { contract, job } = order;
  const rows = jobs.notOverOf(contract, job.client);
  const failed = rows.find(({ givenUp }) => givenUp === OPENED_IN_VAIN);
  if (failed !== undefined)
    throw new Refusal(
      "insufficient-funds",
      `job ${failed.id} of this client was opened in vain, want other money later`,
    );
  const ahead = rows.filter((row) => row.job.token === job.token && isToBeOpened(row));
  if (signedBy === "contract" && ahead.length > 0)
    throw new Refusal("too-busy", "another job of this wallet is being opened, try again");
  const wanted = ahead.reduce((sum, row) => sum + row.job.amount, job.amount);
  if (wanted > balance)
    throw new Refusal("too-busy", `the client has ${balance}, want ${wanted} with its jobs that are being opened`);
}

const isToBeOpened = ({ status, opened, givenUp, signature }: JobRow): boolean =>
  status === "accepted" && opened === undefined && givenUp === undefined && signature !== "0x";
