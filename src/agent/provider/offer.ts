import type { Hex } from "../../codec/statement.ts";
import type { Vkey } from "../../groth16/verifyingKey.ts";
import type { IntegerGraph } from "../../ir/integerGraph.ts";
import type { TransferMethod } from "../order.ts";

/** A model that can be proven: its program, its key, and the files of its prover. */
export interface SellableModel {
  readonly graph: IntegerGraph;
  readonly modelHash: Hex;
  readonly keyId: Hex;
  readonly wordCount: number;
  readonly vkey: Vkey;
  readonly zkeyPath: string;
  readonly wasmPath: string;
  readonly symPath: string;
  readonly r1csPath: string;
}

/** A model with its price. */
export interface Offer {
  /** Its name in paths, such as `digits-mlp`. */
  readonly name: string;
  readonly title: string;
  readonly model: SellableModel;
  /** Id in the registry. */
  readonly modelId: bigint;
  readonly setup: "dealer" | "self" | "ceremony";
  readonly token: Hex;
  /** EIP-712 name and version of the token, for ERC-3009; undefined where it has none. */
  readonly tokenDomain?: { readonly name: string; readonly version: string };
  /** Of one inference, in the token's base units. */
  readonly price: bigint;
  /** Longest time from now to an order's deadline, in seconds. */
  readonly maxSeconds: number;
  readonly methods: readonly TransferMethod[];
}
