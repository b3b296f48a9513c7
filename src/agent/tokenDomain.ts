import { Contract, TypedDataEncoder, ZeroAddress, ZeroHash, isError, type ContractRunner } from "ethers";
import type { Hex } from "../codec/statement.ts";
import type { TokenDomain } from "./signMoney.ts";

const ABI = [
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
  "function eip712Domain() view returns (bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)",
  "function name() view returns (string)",
  "function version() view returns (string)",
  "function DOMAIN_SEPARATOR() view returns (bytes32)",
];
/** ERC-5267: name, version, chain id and contract, no salt: what wallets sign for tokens. */
const FIELDS = "0x0f";

/**
 * The EIP-712 domain under which a token takes ERC-3009 authorizations; undefined for a token that takes none, or whose
 * domain is not the usual one. Reads ERC-5267's eip712Domain, else name and version; where the token tells its domain
 * separator too, the domain must hash to it. Rejects where the node does not answer.
 */
export async function tokenDomainOf(
  token: Hex,
  chainId: bigint,
  runner: ContractRunner,
): Promise<TokenDomain | undefined> {
  const contract = new Contract(token, ABI, runner);
  const ask = (method: string, ...args: unknown[]) => answerOf(() => contract.getFunction(method).staticCall(...args));
  if ((await ask("authorizationState", ZeroAddress, ZeroHash)) === undefined) return undefined;
  const domain = await readDomain(ask, token, chainId);
  const separator = await ask("DOMAIN_SEPARATOR");
  if (domain === undefined || separator === undefined) return domain;
  const hash = TypedDataEncoder.hashDomain({ ...domain, chainId, verifyingContract: token });
  return hash === separator ? domain : undefined;
}

type Ask = (method: string, ...args: unknown[]) => Promise<unknown>;

async function readDomain(ask: Ask, token: Hex, chainId: bigint): Promise<TokenDomain | undefined> {
  const described = (await ask("eip712Domain")) as [string, string, string, bigint, string] | undefined;
  if (described !== undefined) {
    const [fields, name, version, domainChain, contract] = described;
    const isUsual = fields === FIELDS && domainChain === chainId && contract.toLowerCase() === token.toLowerCase();
    return isUsual ? { name, version } : undefined;
  }
  const name = await ask("name");
  // Tokens that predate ERC-5267 and tell no version have 1.
  return typeof name === "string" ? { name, version: String((await ask("version")) ?? "1") } : undefined;
}

/** The answer of a view; undefined where the contract has no such function. */
async function answerOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    if (isError(error, "CALL_EXCEPTION") || isError(error, "BAD_DATA")) return undefined;
    throw error;
  }
}
