import { keccak256 } from "ethers";
import type { Random } from "../../fuzz/random.ts";
import { JOB_STATES } from "../../codec/statement.ts";
import type { Ask, RpcRefusal, RpcReply } from "./nodeRpc.ts";

/** A call and what the node really says to it. */
export interface LiedCall {
  readonly params: readonly unknown[];
  readonly truth: () => Promise<RpcReply>;
  readonly ask: Ask;
  readonly random: Random;
}

type Lie = (call: LiedCall) => Promise<RpcReply>;

/** How far behind a node that lags is, in blocks. */
const MAX_LAG = 12;

/** How late a transaction reaches the pool that the node has long answered for, in milliseconds. */
const MAX_LATE = 1_000;

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;
const nothing: Lie = async () => ({ result: null });
const refusalOf =
  (error: RpcRefusal): Lie =>
  async () => ({ error });

/** Changes what the node answers; what it refuses stays refused. */
const changed =
  (change: (result: unknown, call: LiedCall) => unknown): Lie =>
  async (call) => {
    const reply = await call.truth();
    return "error" in reply ? reply : { result: change(reply.result, call) };
  };

const laggingHeight = async ({ ask, random }: LiedCall): Promise<string> =>
  hex(Math.max(0, Number(await ask("eth_blockNumber")) - 1 - random.below(MAX_LAG)));

/** Latest blocks of a node that lags; other blocks are unknown to it. */
const laggingBlock: Lie = async (call) => {
  const [tag, full] = call.params;
  if (tag !== "latest") return { result: null };
  return { result: await call.ask("eth_getBlockByNumber", [await laggingHeight(call), full]) };
};

/** The state of some blocks ago, where the node keeps it. */
const laggingCall: Lie = async (call) => {
  const [request] = call.params;
  const result = await call.ask("eth_call", [request, await laggingHeight(call)]).catch(() => undefined);
  return result === undefined ? call.truth() : { result };
};

/** All zeros: states None, empty deposits, unused nonces. */
const zeroCall = changed((result) => String(result).replace(/[^x]/g, "0"));

/** Where one word was answered, another small one: a wrong state, or yes for no. */
const wrongWord = changed((result, { random }) =>
  String(result).length === 66 && BigInt(String(result)) < BigInt(JOB_STATES.length)
    ? `0x${hex(random.below(JOB_STATES.length)).slice(2).padStart(64, "0")}`
    : result,
);

const wrongCount = changed((result, { random }) => {
  const shift = random.pick([-2, -1, 1, 2]);
  return hex(Math.max(0, Number(result) + shift));
});

const someLogs = changed((result, { random }) =>
  Array.isArray(result) ? result.filter(() => random.oneIn(2)) : result,
);
const repeatedLogs = changed((result, { random }) =>
  Array.isArray(result) ? result.flatMap((log) => (random.oneIn(2) ? [log, log] : [log])) : result,
);
const noLogs: Lie = async () => ({ result: [] });

/** Says that it took the transaction, and forgets it or lets it into the pool much later. */
const forgotten: Lie = async ({ params, truth, random }) => {
  if (random.oneIn(4)) return { error: { code: -32_000, message: "nonce too low" } };
  if (random.oneIn(2)) setTimeout(() => void truth().catch(() => undefined), random.below(MAX_LATE));
  return { result: keccak256(String(params[0])) };
};

const LIES: Readonly<Record<string, readonly Lie[]>> = {
  eth_blockNumber: [async (call) => ({ result: await laggingHeight(call) })],
  eth_getBlockByNumber: [laggingBlock, nothing],
  eth_getBlockByHash: [nothing],
  eth_getTransactionReceipt: [nothing],
  eth_getTransactionByHash: [nothing],
  eth_getTransactionCount: [wrongCount],
  eth_getBalance: [async () => ({ result: "0x0" })],
  eth_getLogs: [someLogs, repeatedLogs, noLogs],
  eth_call: [
    laggingCall,
    zeroCall,
    wrongWord,
    refusalOf({ code: 3, message: "execution reverted", data: "0x" }),
    refusalOf({ code: -32_000, message: "header not found" }),
  ],
  eth_estimateGas: [
    refusalOf({ code: 3, message: "execution reverted", data: "0x" }),
    refusalOf({ code: -32_000, message: "insufficient funds for transfer" }),
    refusalOf({ code: -32_603, message: "internal error" }),
  ],
  eth_sendRawTransaction: [forgotten],
  eth_feeHistory: [refusalOf({ code: -32_603, message: "internal error" })],
  eth_maxPriorityFeePerGas: [refusalOf({ code: -32_603, message: "internal error" })],
};

/** Something false that a node may say to the call; the truth where nothing is known. */
export function lie(method: string, call: LiedCall): Promise<RpcReply> {
  const lies = LIES[method];
  return lies === undefined ? call.truth() : call.random.pick(lies)(call);
}
