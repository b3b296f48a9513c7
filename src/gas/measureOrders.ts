import { SigningKey, computeAddress } from "ethers";
import { FUNDING, orderIdOf, type Hex, type Job } from "../codec/statement.ts";
import { AMOUNT, type GasMarket, WORDS, gasOf, termsOf } from "./gasMarket.ts";
import { BATCH, perItem } from "./perItem.ts";

/** Gas of whole transactions that settle {@link BATCH} prepaid orders, divided by their number and rounded up. */
export interface OrderFigures {
  /** One client. */
  readonly settleOrders32: number;
  /** As many clients as orders, each with a nonce word in use. */
  readonly settleOrders32Clients: number;
}

/** Every slot that a measured batch writes is in use before, and no deposit is emptied. */
export async function measureOrders(market: GasMarket): Promise<OrderFigures> {
  return {
    settleOrders32: await second(market, () => clientOf(BATCH)),
    settleOrders32Clients: await second(market, (index) => clientOf(index)),
  };
}

/** The key of a client that only signs. */
const clientOf = (index: number): SigningKey =>
  new SigningKey(`0x${(2n ** 255n + 104_729n * BigInt(index + 1)).toString(16)}`);

/** Gas of an item of the second of two batches. */
async function second(market: GasMarket, signerAt: (index: number) => SigningKey): Promise<number> {
  const { prepaid, provider, token } = market;
  for (let index = 0; index < BATCH; index++)
    await prepaid.deposit(computeAddress(signerAt(index)), provider, token, 3n * AMOUNT, "0x");
  const settle = (firstNonce: number) => {
    const orders = [];
    for (let index = 0; index < BATCH; index++) orders.push(signedOrder(market, signerAt(index), firstNonce + index));
    return prepaid.connect(provider).settleOrders(orders);
  };
  await settle(0);
  return perItem(await gasOf(settle(BATCH)));
}

function signedOrder(market: GasMarket, signer: SigningKey, nonce: number) {
  const [model] = market.models;
  const terms = termsOf(market, model, BigInt(nonce));
  const job: Job = { ...terms, client: computeAddress(signer), funding: FUNDING.prepaid };
  const orderId = orderIdOf(job, market.chainId, market.prepaid.target as Hex);
  const { r, yParityAndS } = signer.sign(orderId);
  const proof = [...model.prove(job.inputCommitment, WORDS, orderId)];
  return { job, words: [...WORDS], proof, r, vs: yParityAndS };
}
