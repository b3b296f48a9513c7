import { randomBytes } from "node:crypto";
import { Contract, toBigInt } from "ethers";
import { answer } from "../../chain/answer.ts";
import type { DeploymentRecord, ModelRecord } from "../../chain/record.ts";
import { FUNDING, type Hex } from "../../codec/statement.ts";
import { InputError } from "../../errors.ts";
import { DEVELOPMENT_CHAIN_ID } from "../../setup/dealerConstants.ts";
import type { AgentChain } from "../agentChain.ts";
import type { TransferMethod } from "../order.ts";
import type { Approval } from "../scheme/client.ts";
import type { OfferedTerms } from "../scheme/terms.ts";
import { chainTime, nextBlockTime } from "./orderOnChain.ts";
import type { Purchases } from "./purchases.ts";
import { refresh } from "./refresh.ts";

/** What a buyer trusts and how much it spends, whatever it buys. */
export interface Trust {
  readonly chain: AgentChain;
  readonly client: Hex;
  readonly purchases: Purchases;
  /** The only token that it pays with; caps are in its base units. */
  readonly token: Hex;
  readonly limits: SpendingLimits;
  readonly setups: readonly ModelRecord["setup"][];
  /** Fires when the buyer is closed. */
  readonly closing: AbortSignal;
}

/** Caps in the token's base units. */
export interface SpendingLimits {
  /** Of one inference, beside each purchase's own `maxPrice`. */
  readonly perInference?: bigint;
  /** Of all orders of the last 24 hours of chain time that were, or can still be, collected. */
  readonly perDay: bigint;
}

/** Throws InputError unless a cap is a bigint: with undefined and NaN no price compares as too high. */
export function requireCap(what: string, cap: unknown): void {
  if (typeof cap !== "bigint") throw new InputError(`${what}: ${String(cap)}, want a bigint of base units`);
}

/** What one purchase allows. */
export interface Wish {
  /** Name in the deployment record. */
  readonly model: string;
  readonly inputCommitment: Hex;
  /** In the token's base units. */
  readonly maxPrice: bigint;
  /** Longest time to the order's deadline, in seconds of the chain's time. */
  readonly deadline: number;
  readonly method?: TransferMethod;
  /** The account to be paid, where only one is to be. */
  readonly provider?: Hex;
}

/** Says yes to the server's terms with what is to be signed, or throws InputError with the one thing that is wrong. */
export async function approve(trust: Trust, wish: Wish, terms: OfferedTerms): Promise<Approval> {
  const contracts = await requireContracts(trust.chain, terms);
  await requireModel(trust, wish.model, terms);
  requirePayee(trust, wish, terms);
  requirePrice(trust, wish, terms);
  const { timestamp } = await chainTime(trust.chain);
  const next = await nextBlockTime(trust.chain, timestamp);
  const deadline = next + BigInt(await secondsOf(trust.chain, wish, terms));
  await requireDay(trust, terms, timestamp);
  const permitNonce = await requireFunds(trust, terms);
  return {
    ...contracts,
    // Names and versions of another domain only make a signature that the token refuses.
    tokenDomain: terms.tokenDomain,
    inputCommitment: wish.inputCommitment,
    deadline,
    nonce: toBigInt(randomBytes(16)),
    permitNonce,
  };
}

/** The record's model of a name. Throws InputError unless the buyer trusts it. */
export function allowedModel(record: DeploymentRecord, setups: Trust["setups"], name: string): ModelRecord {
  if (!Object.hasOwn(record.models, name))
    throw new InputError(
      `model ${name}: is not in the deployment record; it has ${Object.keys(record.models).join(", ") || "none"}`,
    );
  const model = record.models[name];
  if (model.status !== "live") throw new InputError(`model ${name}: is ${model.status}, says the deployment record`);
  const allowed =
    model.setup === "dealer" ? BigInt(record.chainId) === DEVELOPMENT_CHAIN_ID : setups.includes(model.setup);
  if (!allowed)
    throw new InputError(
      `model ${name}: whoever made its key (setup ${model.setup}) can forge its proofs; allowed are ${setups.join(", ")}`,
    );
  return model;
}

const COLLECTORS = { eip3009: "AuthorizationCollector", allowance: "AllowanceCollector" } as const;

/** Chain and contracts as the record has them, where the server names the same ones and the node is still of that chain. */
async function requireContracts(
  { chainId, record, provider }: AgentChain,
  terms: OfferedTerms,
): Promise<Pick<Approval, "chainId" | "contract" | "collector">> {
  const node = BigInt((await provider.send("eth_chainId", [])) as string);
  requireSame("chain of the node", node, chainId);
  requireSame("chain", terms.chainId, chainId);
  const { contracts } = record;
  const contract = contracts[terms.method === "prepaid" ? "PrepaidOrders" : "InferenceEscrow"].address;
  requireSame("contract", terms.contract, contract);
  if (terms.method === "prepaid") return { chainId, contract };
  const collector = contracts[COLLECTORS[terms.method]].address;
  requireSame("collector", terms.collector, collector);
  return { chainId, contract, collector };
}

/** The model is the record's, with the server and in the registry, and takes new jobs. */
async function requireModel({ chain, setups }: Trust, name: string, terms: OfferedTerms): Promise<void> {
  const model = allowedModel(chain.record, setups, name);
  const modelId = BigInt(model.modelId);
  requireSame("model id", terms.modelId, modelId);
  requireSame("key id", terms.keyId, model.keyId);
  const [commitment, deprecated] = await chain.registry.getModel(modelId);
  requireSame("key id in the registry", commitment.vkHash, model.keyId);
  requireSame("model hash in the registry", commitment.modelHash, model.modelHash);
  if (deprecated) throw new InputError(`model ${name}: is deprecated in the registry`);
  const { wordCount, stopped } = await chain.registry.keyStatusOf(model.keyId);
  if (stopped) throw new InputError(`model ${name}: its key was stopped, nothing can be proven under it`);
  requireSame("words of the key", Number(wordCount), model.wordCount);
}

function requirePayee({ chain, client }: Trust, wish: Wish, { provider, method }: OfferedTerms): void {
  if (wish.method !== undefined) requireSame("transfer method", method, wish.method);
  if (wish.provider !== undefined) requireSame("payee", provider, wish.provider);
  if (BigInt(provider) === 0n || provider === client || provider === String(chain.escrow.target))
    throw new InputError(`payee: ${provider} cannot be a provider`);
}

function requirePrice({ token, limits }: Trust, { maxPrice }: Wish, terms: OfferedTerms): void {
  requireSame("token", terms.token, token);
  const { perInference } = limits;
  if (terms.amount > maxPrice) throw new InputError(`price: ${terms.amount} is asked for, want at most ${maxPrice}`);
  if (perInference !== undefined && terms.amount > perInference)
    throw new InputError(`price: ${terms.amount} is asked for, the cap of an inference is ${perInference}`);
}

/** What can never be collected any more counts for nothing: that is looked up where it matters. */
async function requireDay(trust: Trust, { token, amount }: OfferedTerms, now: bigint): Promise<void> {
  const { purchases, limits } = trust;
  if (purchases.spentBefore(token, now) + amount > limits.perDay) await refresh(trust);
  purchases.requireDay(token, amount, now, limits.perDay);
}

/** Seconds to the deadline: as many as were wished for, no more than the provider and the contract take. */
async function secondsOf(chain: AgentChain, wish: Wish, { method, maxSeconds }: OfferedTerms): Promise<number> {
  const life = method === "prepaid" ? Number(await chain.prepaid.MAX_ORDER_LIFE()) : Infinity;
  const seconds = Math.floor(Math.min(wish.deadline, maxSeconds, life));
  if (seconds < 1) throw new InputError(`deadline: the provider takes orders of at most ${maxSeconds} seconds`);
  return seconds;
}

const TOKEN_ABI = [
  "function balanceOf(address owner) view returns (uint256)",
  "function allowance(address owner, address spender) view returns (uint256)",
  "function nonces(address owner) view returns (uint256)",
];

interface Token {
  balanceOf(owner: Hex): Promise<bigint>;
  allowance(owner: Hex, spender: Hex): Promise<bigint>;
  nonces(owner: Hex): Promise<bigint>;
}

/**
 * Throws InputError where the money of the order is not there: the provider would only refuse it. Returns the nonce of
 * the ERC-2612 permit that takes the place of an allowance, where the token knows permits and one is needed.
 */
async function requireFunds(trust: Trust, terms: OfferedTerms): Promise<bigint | undefined> {
  const { chain, client } = trust;
  const { amount, method, collector, tokenDomain } = terms;
  if (method === "prepaid") return requireDeposit(trust, terms);
  const token = new Contract(terms.token, TOKEN_ABI, chain.provider) as unknown as Token;
  const balance = await token.balanceOf(client);
  if (balance < amount) throw new InputError(`${client} has ${balance} of the token ${terms.token}, want ${amount}`);
  if (method !== "allowance") return undefined;
  const allowance = await token.allowance(client, collector!);
  if (allowance >= amount) return undefined;
  const nonce = tokenDomain && (await answer(() => token.nonces(client)));
  if (typeof nonce === "bigint") return nonce;
  throw new InputError(`the allowance to the collector ${collector} is ${allowance}, want ${amount}: approve it first`);
}

/** Orders that the provider has not settled yet take from the deposit before this one. */
async function requireDeposit(trust: Trust, { amount, provider, token }: OfferedTerms): Promise<undefined> {
  const { chain, client, purchases } = trust;
  const pending = () =>
    purchases
      .open()
      .filter(({ job }) => job.funding === FUNDING.prepaid && job.provider === provider && job.token === token);
  // What was settled has left the deposit: it must not be subtracted once more, so the deposit is read afterwards.
  await refresh(trust, pending());
  const deposit = await chain.prepaid.depositOf(client, provider, token);
  const owed = pending().reduce((sum, { job }) => sum + job.amount, 0n);
  if (deposit - owed < amount)
    throw new InputError(
      `the deposit for ${provider} is ${deposit}, of which ${owed} is ordered for; want ${amount} more`,
    );
}

function requireSame(what: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new InputError(`${what}: got ${String(got)}, want ${String(wanted)}; nothing was signed`);
}
