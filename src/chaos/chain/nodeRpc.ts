import type { NetworkConnection } from "hardhat/types/network";

/** Asks a node by JSON-RPC; throws what it refuses. */
export type Ask = (method: string, params?: readonly unknown[]) => Promise<unknown>;

/** What a node says to a request that it refuses. */
export interface RpcRefusal {
  readonly code: number;
  readonly message: string;
  /** Of a revert, what it returned. */
  readonly data?: unknown;
}

export type RpcReply = { readonly result: unknown } | { readonly error: RpcRefusal };

/** JSON-RPC's code of an error that has none. */
const INTERNAL_ERROR = -32_603;

export const askChain =
  ({ provider }: NetworkConnection): Ask =>
  (method, params = []) =>
    provider.request({ method, params: [...params] });

/** The reply that a node of its own would send over the wire. */
export async function replyOf(ask: Ask, method: string, params: readonly unknown[]): Promise<RpcReply> {
  try {
    return { result: await ask(method, params) };
  } catch (error) {
    const { code, message, data } = error as { code?: unknown; message: string; data?: unknown };
    const known = typeof code === "number" ? code : INTERNAL_ERROR;
    return { error: { code: known, message, ...(typeof data === "string" && { data }) } };
  }
}
