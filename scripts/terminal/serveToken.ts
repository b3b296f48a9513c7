import { Contract } from "ethers";
import type { AgentChain } from "../../src/agent/agentChain.ts";
import type { TokenDomain } from "../../src/agent/signMoney.ts";
import { tokenDomainOf } from "../../src/agent/tokenDomain.ts";
import { InputError, oneLine } from "../../src/errors.ts";

export interface ServedToken {
  readonly address: string;
  /** Undefined where it takes no ERC-3009 authorizations. */
  readonly domain: TokenDomain | undefined;
  readonly decimals: number;
  readonly symbol: string;
}

const ABI = ["function decimals() view returns (uint8)", "function symbol() view returns (string)"];
const MAX_SYMBOL = 16;

/** What is paid with. Throws InputError for an address that is no ERC-20 token with decimals and a symbol. */
export async function readToken({ provider, chainId }: AgentChain, address: string): Promise<ServedToken> {
  if ((await provider.getCode(address)) === "0x")
    throw new InputError(`--token ${address}: has no code on chain ${chainId}`);
  const contract = new Contract(address, ABI, provider);
  try {
    const [decimals, symbol] = (await Promise.all([contract.decimals(), contract.symbol()])) as [bigint, string];
    const domain = await tokenDomainOf(address, chainId, provider);
    return { address, domain, decimals: Number(decimals), symbol: oneLine(symbol).slice(0, MAX_SYMBOL) };
  } catch (error) {
    if (!["CALL_EXCEPTION", "BAD_DATA"].includes((error as { code?: string }).code ?? "")) throw error;
    throw new InputError(`--token ${address}: is no ERC-20 token with decimals and a symbol`, { cause: error });
  }
}
