import { type ChaosMarket, PAYEE } from "./chaosMarket.ts";

/** Everybody's money, in base units: who holds or is owed what, by a name such as `credit in the escrow of 0x…`. */
export type Ledger = ReadonlyMap<string, bigint>;

export const TOKENS = "tokens of";
export const ESCROW_CREDIT = "credit in the escrow of";
export const PREPAID_CREDIT = "credit in the prepaid orders of";
export const DEPOSIT_OF = "deposit of";

/** Reads the ledger of all parties and of the contracts that hold their money. */
export async function readLedger({ chain, token, parties }: ChaosMarket): Promise<Ledger> {
  const { escrow, prepaid } = chain;
  const { provider, clients, tollCollector } = parties;
  const people = [provider, tollCollector, PAYEE, ...clients];
  const ledger = new Map<string, bigint>();
  for (const owner of [...people, String(escrow.target), String(prepaid.target)])
    ledger.set(`${TOKENS} ${owner}`, await token.balanceOf(owner));
  for (const owner of people) {
    ledger.set(`${ESCROW_CREDIT} ${owner}`, await escrow.creditOf(owner, token.target));
    ledger.set(`${PREPAID_CREDIT} ${owner}`, await prepaid.creditOf(owner, token.target));
  }
  for (const client of clients)
    ledger.set(`${DEPOSIT_OF} ${client}`, await prepaid.depositOf(client, provider, token.target));
  return ledger;
}

/** By how much a line of a ledger rises, or falls. */
export interface Entry {
  readonly line: string;
  readonly amount: bigint;
}

/** The ledger after the entries. */
export function afterEntries(ledger: Ledger, entries: readonly Entry[]): Ledger {
  const after = new Map(ledger);
  for (const { line, amount } of entries) after.set(line, (after.get(line) ?? 0n) + amount);
  return after;
}

/** Lines in which two ledgers differ, one sentence each. */
export const differences = (got: Ledger, wanted: Ledger): string[] =>
  [...wanted].flatMap(([line, amount]) =>
    got.get(line) === amount ? [] : [`${line}: ${got.get(line)}, the reference model says ${amount}`],
  );
