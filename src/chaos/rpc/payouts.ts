import { id as keccakOf, Interface } from "ethers";
import type { Hex } from "../../codec/statement.ts";
import type { Sender } from "../../agent/sender/sender.ts";
import { type ChaosMarket, PAYEE } from "../market/chaosMarket.ts";
import { type Entry, TOKENS } from "../market/ledger.ts";

const TOKEN = new Interface(["function transfer(address to, uint256 amount)"]);
const TRANSFER_TOPIC = keccakOf("Transfer(address,address,uint256)");

type Fate = "under way" | "mined" | "refused" | "interrupted";

/**
 * Transfers that the provider's sender makes besides its settlements. The contracts keep a job from being paid twice;
 * nothing but the sender keeps a transfer from that, so each is submitted once, and its amount is its number.
 */
export class Payouts {
  readonly #fates: Fate[] = [];

  /** Hands the next transfer to the sender. */
  submit(sender: Sender, token: Hex): void {
    const index = this.#fates.push("under way") - 1;
    const data = TOKEN.encodeFunctionData("transfer", [PAYEE, index + 1]);
    sender.submit({ purpose: `payout:${index}`, to: token, data }).then(
      ({ succeeded }) => (this.#fates[index] = succeeded ? "mined" : "refused"),
      (error: Error) => (this.#fates[index] = error.name === "AbortError" ? "interrupted" : "refused"),
    );
  }

  get count(): number {
    return this.#fates.length;
  }

  /** Transfers whose end the sender has not told yet. */
  get underWay(): number {
    return this.#fates.filter((fate) => fate === "under way").length;
  }

  /** What is wrong with the transfers on the chain, and what they did to the ledger. */
  async judge({ chain, parties, token }: ChaosMarket): Promise<{ flaws: string[]; entries: Entry[] }> {
    const topics = [TRANSFER_TOPIC, topicOf(parties.provider), topicOf(PAYEE)];
    const logs = await chain.provider.getLogs({ address: String(token.target), topics, fromBlock: 0 });
    const counts = new Map<bigint, number>();
    for (const { data } of logs) counts.set(BigInt(data), (counts.get(BigInt(data)) ?? 0) + 1);
    const flaws: string[] = [];
    const entries: Entry[] = [];
    this.#fates.forEach((fate, index) => {
      const amount = BigInt(index + 1);
      const count = counts.get(amount) ?? 0;
      if (count > 1 || !isRight(fate, count)) flaws.push(`payout ${index}: ${fate}, made ${count} times`);
      if (count > 0) entries.push(...moved(parties.provider, amount));
    });
    return { flaws, entries };
  }
}

/** What the sender said must be so; a transfer that was interrupted may have been made or not. */
function isRight(fate: Fate, count: number): boolean {
  if (fate === "interrupted") return true;
  return fate === "mined" ? count === 1 : fate === "refused" && count === 0;
}

const moved = (provider: Hex, amount: bigint): Entry[] => [
  { line: `${TOKENS} ${provider}`, amount: -amount },
  { line: `${TOKENS} ${PAYEE}`, amount },
];

const topicOf = (address: Hex): Hex => `0x${address.slice(2).toLowerCase().padStart(64, "0")}`;
