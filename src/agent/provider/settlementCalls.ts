import { Signature } from "ethers";
import type { InferenceEscrow, PrepaidOrders } from "../../../build/hardhat/types/index.ts";
import type { Hex, Job } from "../../codec/statement.ts";
import { toCalldata } from "../../groth16/proof.ts";
import type { AgentChain } from "../agentChain.ts";
import type { JobRow } from "./jobsTable.ts";

/** A proven job as the escrow's batches take it. */
const deliveryOf = ({ job, words, proof }: JobRow) => ({ job, words: [...words!], proof: toCalldata(proof!) });

/** A served order: its signature in the compact form of ERC-2098. */
function signedOrderOf(row: JobRow) {
  const { r, yParityAndS } = Signature.from(row.signature);
  return { ...deliveryOf(row), r, vs: yParityAndS };
}

/**
 * The call that settles escrow jobs. Two or more go as a batch: in test/gas/snapshot.json an item of 32 takes 74,893 gas
 * where one alone takes 263,953, and two in a batch share most of a pairing check already.
 */
export function escrowCall({ escrow }: AgentChain, rows: readonly JobRow[]): { to: Hex; data: Hex } {
  const { interface: calls } = escrow as { interface: InferenceEscrow["interface"] };
  const [{ job, words, proof }, ...others] = rows.map(deliveryOf);
  const data =
    others.length === 0
      ? calls.encodeFunctionData("settle", [job, words, proof])
      : calls.encodeFunctionData("settleBatch", [rows.map(deliveryOf)]);
  return { to: String(escrow.target), data };
}

/** The call that settles prepaid orders: 76,039 gas an item in a batch of 32. */
export function prepaidCall({ prepaid }: AgentChain, rows: readonly JobRow[]): { to: Hex; data: Hex } {
  const { interface: calls } = prepaid as { interface: PrepaidOrders["interface"] };
  const data = calls.encodeFunctionData("settleOrders", [rows.map(signedOrderOf)]);
  return { to: String(prepaid.target), data };
}

/** Items of one model next to each other are cheapest; the same items always make the same call. */
export const inCallOrder = (rows: readonly JobRow[]): JobRow[] =>
  rows.toSorted((a, b) => compare(a.job, b.job) || (a.id < b.id ? -1 : 1));

const compare = (a: Job, b: Job): number => (a.modelId === b.modelId ? 0 : a.modelId < b.modelId ? -1 : 1);
