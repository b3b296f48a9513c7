import { keccak256 } from "ethers";
import { toBytes32 } from "../codec/statement.ts";
import { type GasMarket, WORDS, gasOf, inputCommitmentOf } from "./gasMarket.ts";
import { BATCH, perItem } from "./perItem.ts";

/** Gas of a whole transaction that settles {@link BATCH} statements, divided by their number and rounded up. */
export interface RecordFigures {
  /** One model; every statement writes a new slot. */
  readonly verifyAndSettleBatch32: number;
}

export async function measureRecords({ settlement, models: [model] }: GasMarket): Promise<RecordFigures> {
  const claims = [];
  for (let index = 0n; index < BATCH; index++) {
    const subject = keccak256(toBytes32(index));
    const inputCommitment = inputCommitmentOf(index);
    const proof = [...model.prove(inputCommitment, WORDS, subject)];
    claims.push({ inputCommitment, words: [...WORDS], subject, proof });
  }
  const settled = settlement.verifyAndSettleBatch([{ modelId: model.modelId, claims }]);
  return { verifyAndSettleBatch32: perItem(await gasOf(settled)) };
}
