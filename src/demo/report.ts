import type { CheatResult } from "./cheats.ts";

/** What `demo --json` writes. Amounts are in base units, written as decimal strings; gas is of whole transactions but `verify`. */
export interface DemoReport {
  readonly model: string;
  readonly expectedLabel: number;
  readonly label: number;
  readonly constraints: {
    readonly nonlinear: number;
    readonly linear: number;
    readonly total: number;
    readonly domainPower: number;
  };
  readonly seconds: { readonly compile: number; readonly setup: number; readonly prove: number };
  /** Whether circuit and key came from the cache. */
  readonly cached: boolean;
  /** `verify` is the registry's own frame inside the settlement. */
  readonly gas: { readonly verify: number; readonly open: number; readonly settle: number; readonly refund: number };
  readonly paid: bigint;
  readonly toll: bigint;
  readonly refunded: bigint;
  readonly cheats: readonly CheatResult[];
}
