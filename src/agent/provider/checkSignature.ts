import { Interface, Signature, isCallException, recoverAddress } from "ethers";
import type { Hex } from "../../codec/statement.ts";
import type { AgentChain } from "../agentChain.ts";
import type { Order } from "../order.ts";
import { Refusal } from "./desk.ts";
import { isPrepaid } from "./standing.ts";

const ERC1271 = new Interface(["function isValidSignature(bytes32 digest, bytes signature) view returns (bytes4)"]);
const MAGIC = ERC1271.getFunction("isValidSignature")!.selector;
/** What contracts/libraries/SignatureLib.sol gives an account to check its signature. */
const ERC1271_GAS = 400_000n;

/** What the signature of an order is checked by. */
export type SignedBy = "key" | "contract";

/** Throws Refusal `bad-signature` unless the client signed the order's id: by ECDSA, in the escrow also by ERC-1271. */
export async function checkSignature(chain: AgentChain, id: Hex, order: Order): Promise<SignedBy> {
  const { job, signature } = order;
  if (recovered(id, signature) === job.client) return "key";
  if (!isPrepaid(order) && (await isSignedByContract(chain, job.client, id, signature))) return "contract";
  throw new Refusal("bad-signature", `the signature of ${id} is not that of its client, ${job.client}`);
}

/** Refuses a high s and whatever else is no signature. */
function recovered(id: Hex, signature: Hex): Hex | undefined {
  try {
    return recoverAddress(id, Signature.from(signature));
  } catch {
    return undefined;
  }
}

async function isSignedByContract({ provider }: AgentChain, client: Hex, id: Hex, signature: Hex): Promise<boolean> {
  const data = ERC1271.encodeFunctionData("isValidSignature", [id, signature]);
  try {
    const answer = await provider.call({ to: client, data, gasLimit: ERC1271_GAS });
    return answer.length >= 66 && answer.slice(0, 66) === MAGIC.padEnd(66, "0");
  } catch (error) {
    if (isCallException(error)) return false;
    throw error;
  }
}
