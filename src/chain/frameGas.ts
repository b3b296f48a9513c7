/** What is used of a JSON-RPC provider (EIP-1193). */
export interface RpcProvider {
  request(call: { readonly method: string; readonly params: unknown[] }): Promise<unknown>;
}

interface StructLog {
  readonly depth: number;
  readonly gas: number | string;
  readonly gasCost: number | string;
  readonly op: string;
  readonly stack?: readonly string[];
}

/** Opcodes that enter a contract's own code with its own frame, the address second from the top of the stack. */
const CALLS = new Set(["CALL", "STATICCALL"]);

/**
 * Gas that the first frame of `contract` in a mined transaction used, from its first to its last opcode, inner calls
 * included: what its code costs, without the caller's price of the call, the transaction's base or its calldata.
 * Throws when the transaction never enters the contract.
 */
export async function frameGas(provider: RpcProvider, transactionHash: string, contract: string): Promise<number> {
  const transaction = (await provider.request({
    method: "eth_getTransactionByHash",
    params: [transactionHash],
  })) as { to: string | null };
  const trace = (await provider.request({
    method: "debug_traceTransaction",
    params: [transactionHash, { disableStorage: true, disableMemory: true }],
  })) as { structLogs: readonly StructLog[] };
  const direct = transaction.to?.toLowerCase() === contract.toLowerCase();
  const first = direct ? 0 : 1 + trace.structLogs.findIndex((step) => enters(step, contract));
  if (!direct && first === 0) throw new Error(`transaction ${transactionHash} does not call ${contract}`);
  return gasOfFrame(trace.structLogs, first);
}

function enters(step: StructLog, contract: string): boolean {
  const address = step.stack?.at(-2);
  return CALLS.has(step.op) && address !== undefined && BigInt(address) % 2n ** 160n === BigInt(contract);
}

/** Gas before the frame's first opcode less gas after its last one. */
function gasOfFrame(steps: readonly StructLog[], first: number): number {
  const { depth, gas } = steps[first];
  let last = first;
  for (let index = first; index < steps.length && steps[index].depth >= depth; index++) {
    if (steps[index].depth === depth) last = index;
  }
  return Number(gas) - Number(steps[last].gas) + Number(steps[last].gasCost);
}
