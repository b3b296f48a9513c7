import { getAddress, isAddress } from "ethers";
import { DeploymentRecord, type ModelRecord } from "../../chain/record.ts";
import { checkSchema } from "../../checkSchema.ts";
import { randomSalt } from "../../codec/commitment.ts";
import type { Hex } from "../../codec/statement.ts";
import { InputError } from "../../errors.ts";
import type { IntegerGraph } from "../../ir/integerGraph.ts";
import { connectAgent } from "../agentChain.ts";
import { Journal } from "../journal/journal.ts";
import type { TransferMethod } from "../order.ts";
import { bought, confirm, receive, type Bought } from "./confirm.ts";
import { inferResultOf } from "./deliver.ts";
import { parseProviderUrl } from "./fetchBounded.ts";
import { allowedModel, requireCap, type SpendingLimits, type Trust } from "./guard.ts";
import { commitmentOf, integersOf, readModelGraph, type ModelInput } from "./modelGraph.ts";
import { askingNode, nodeFailure } from "./nodeFailure.ts";
import { chainTime } from "./orderOnChain.ts";
import { PreparedPurchase, type BuyerWallet } from "./preparedPurchase.ts";
import { Purchases, PURCHASES_SCHEMA, requestOf, type Purchase } from "./purchases.ts";
import { reclaim, type Reclaimed } from "./reclaim.ts";
import { refresh } from "./refresh.ts";
import { UnconfirmedPurchase } from "./unconfirmedPurchase.ts";

export interface BuyerOptions {
  /** The buyer's own node. */
  readonly rpcUrl: string;
  /** What the buyer trusts: chain, contracts, models and their keys. */
  readonly record: DeploymentRecord;
  /** Pays, and signs. */
  readonly wallet: BuyerWallet;
  /** File of the buyer's journal, made where it is not there; one process at a time, one wallet and chain. */
  readonly journal: string;
  /** The ERC-20 that it pays with. */
  readonly token: Hex;
  readonly limits: SpendingLimits;
  /** Who may have made the keys of models, beside the dealer on a development chain; a ceremony unless given. */
  readonly allowSetups?: readonly ModelRecord["setup"][];
  /** Paths of the graph.json of models that the project does not bring, by their name in the record. */
  readonly graphs?: Readonly<Record<string, string>>;
}

/** The longest that a deposit may wait for a proof: 30 days. A time of the clock, given by mistake, is more than that. */
const MAX_SECONDS = 2_592_000;

export interface PurchaseRequest {
  /** Of the provider. */
  readonly url: string;
  /** Name of the model in the deployment record and with the provider. */
  readonly model: string;
  readonly input: ModelInput;
  /** In the token's base units. */
  readonly maxPrice: bigint;
  /** Seconds of the chain's time in which the provider has to deliver, 1 to 2,592,000. */
  readonly deadline: number;
  readonly method?: TransferMethod;
  /** The account that is to be paid; whoever proves unless given. */
  readonly provider?: Hex;
  /**
   * Buy even where the journal holds the answer, which is the same for ever, or where an order for it is under way at
   * another address.
   */
  readonly again?: boolean;
}

/** Buys inferences, each for a price and from a model that was agreed to, and pays for none without its proof. */
export class Buyer {
  readonly client: Hex;
  readonly #trust: Trust;
  readonly #options: BuyerOptions;
  readonly #journal: Journal;
  readonly #closer: AbortController;
  readonly #graphs = new Map<string, Promise<IntegerGraph>>();
  readonly #running = new Map<string, Promise<Bought>>();

  constructor(options: BuyerOptions, trust: Trust, journal: Journal, closer: AbortController) {
    this.client = trust.client;
    this.#options = options;
    this.#trust = trust;
    this.#journal = journal;
    this.#closer = closer;
  }

  /**
   * Buys one inference. The answer is checked on the buyer's own node; one that the journal holds is not paid for again,
   * and an order that is under way for the same input is continued. Throws InputError where nothing was signed, and
   * UnconfirmedPurchase where an order was and no answer holds.
   */
  async buyInference(request: PurchaseRequest): Promise<Bought> {
    const inference = `${parseProviderUrl(request.url).href} ${requestOf(...(await this.#inputsOf(request)))}`;
    // Two calls for the same at the same time are one purchase.
    const running = this.#running.get(inference) ?? this.#buy(request).finally(() => this.#running.delete(inference));
    this.#running.set(inference, running);
    return running;
  }

  /** The answer to a request that was bought before, from whomever; undefined where there is none. */
  async known(request: PurchaseRequest): Promise<Bought | undefined> {
    const purchase = await this.#answered(request);
    if (purchase?.answer === undefined) return undefined;
    return bought(await this.#graphOf(request.model), purchase, purchase.answer, true);
  }

  /**
   * One purchase as a plug-in of x402's client, for a `fetch` of one's own: send `init` to `url`, and give what came to
   * `accept`. Throws InputError as `buyInference` does before it signs, and where `known` has the answer.
   */
  async prepare(request: PurchaseRequest): Promise<PreparedPurchase> {
    const answered = await this.#answered(request);
    if (answered !== undefined && request.again !== true)
      throw new InputError(
        `this input was bought as job ${answered.jobId}: \`known\` has its answer, and \`again\` pays once more`,
      );
    return this.#prepare(request);
  }

  /** To be called once the journal knows how the orders of the request stand. */
  async #prepare(request: PurchaseRequest): Promise<PreparedPurchase> {
    const url = parseProviderUrl(request.url).href;
    if (!Number.isSafeInteger(request.deadline) || request.deadline < 1 || request.deadline > MAX_SECONDS)
      throw new InputError(`deadline: ${request.deadline}, want a whole number of seconds from 1 to ${MAX_SECONDS}`);
    requireCap("maxPrice", request.maxPrice);
    if (request.maxPrice < 1n) throw new InputError(`maxPrice: ${request.maxPrice}, want at least 1`);
    const { model, maxPrice, deadline, method, provider, again = false } = request;
    if (provider !== undefined && !isAddress(provider))
      throw new InputError(`provider: ${String(provider)}, want an address`);
    const graph = await this.#graphOf(model);
    const [modelId, inputs] = await this.#inputsOf(request);
    const identity = requestOf(modelId, inputs);
    const signed = await askingNode(() => this.#underWay(identity, url, maxPrice, again));
    const opening = signed?.opening ?? { inputs, salt: randomSalt() };
    const inputCommitment = commitmentOf(graph, opening);
    const wish = { model, inputCommitment, maxPrice, deadline, method, provider: provider && getAddress(provider) };
    const plan = { url, request: identity, graph, opening, wish, again };
    return new PreparedPurchase(this.#trust, this.#options.wallet, plan, signed);
  }

  /** Checks the body of a provider's answer to a prepared purchase, on the chain. Throws UnconfirmedPurchase. */
  async accept(prepared: PreparedPurchase, body: unknown): Promise<Bought> {
    const purchase = await prepared.signed;
    if (purchase === undefined) throw new InputError("accept: no order was signed for this purchase");
    const result = inferResultOf(purchase, body);
    return confirm(this.#trust, prepared.plan.graph, purchase, result).catch((error: unknown) => {
      const failure = nodeFailure(error);
      if (failure === undefined) throw error;
      throw new UnconfirmedPurchase(`the buyer's own node gives no answer (${failure})`, purchase);
    });
  }

  /** Asks again for the answers of all orders under way, and gives what came of each. */
  async resume(): Promise<PromiseSettledResult<Bought>[]> {
    const { timestamp } = await askingNode(async () => {
      await refresh(this.#trust);
      return chainTime(this.#trust.chain);
    });
    const waiting = this.#trust.purchases
      .open()
      .filter(({ status, job }) => status === "signed" && job.deadline > timestamp);
    return Promise.allSettled(waiting.map((purchase) => this.#receive(purchase)));
  }

  /** Gets back the deposits of orders whose deadline passed, and withdraws the wallet's credits. Costs gas. */
  async reclaim(): Promise<Reclaimed> {
    return askingNode(() => reclaim(this.#trust, this.#options.wallet));
  }

  /** All orders that were ever signed, the amounts of which count against the day as `status` says. */
  purchases(): Purchase[] {
    return this.#trust.purchases.all();
  }

  /** Ends what is under way; the journal knows how to continue it. */
  close(): void {
    this.#closer.abort(new Error("the buyer was closed"));
    this.#journal.close();
    this.#trust.chain.close();
  }

  async #buy(request: PurchaseRequest): Promise<Bought> {
    const answered = await this.#answered(request);
    if (answered?.answer !== undefined && request.again !== true)
      return bought(await this.#graphOf(request.model), answered, answered.answer, true);
    return this.#receive(await (await this.#prepare(request)).order());
  }

  /** The purchase whose answer is the answer to this request, too. Looks up how the request's orders stand. */
  async #answered(request: PurchaseRequest): Promise<Purchase | undefined> {
    const { purchases } = this.#trust;
    const identity = requestOf(...(await this.#inputsOf(request)));
    const open = purchases.open().filter((purchase) => purchase.request === identity);
    await askingNode(() => refresh(this.#trust, open));
    return purchases.ofRequest(identity).find(({ answer }) => answer !== undefined);
  }

  async #receive(purchase: Purchase): Promise<Bought> {
    return receive(this.#trust, await this.#graphOf(purchase.model), purchase);
  }

  /** The order for this inference that its provider may still serve. Another one beside it could cost twice. */
  async #underWay(request: Hex, url: string, maxPrice: bigint, again: boolean): Promise<Purchase | undefined> {
    const { purchases, chain } = this.#trust;
    const { timestamp } = await chainTime(chain);
    const order = purchases.underWay(request, timestamp).find((purchase) => purchase.url === url);
    if (order === undefined) purchases.requireOnly({ request, url }, timestamp, again);
    if (order !== undefined && order.job.amount > maxPrice)
      throw new InputError(
        `order ${order.jobId} for this input is under way at ${order.job.amount}, more than the ${maxPrice} of now`,
      );
    return order;
  }

  async #inputsOf({ model, input }: PurchaseRequest): Promise<[bigint, bigint[][]]> {
    const graph = await this.#graphOf(model);
    return [BigInt(this.#trust.chain.record.models[model].modelId), integersOf(graph, input)];
  }

  #graphOf(model: string): Promise<IntegerGraph> {
    const { chain, setups } = this.#trust;
    const { modelHash } = allowedModel(chain.record, setups, model);
    const graph = this.#graphs.get(model) ?? readModelGraph(model, modelHash, this.#options.graphs?.[model]);
    this.#graphs.set(model, graph);
    return graph;
  }
}

/** Opens a buyer: connects to its node, checks the contracts' code, and looks how the orders of its journal stand. */
export async function openBuyer(options: BuyerOptions): Promise<Buyer> {
  const { rpcUrl, wallet, limits, allowSetups = ["ceremony"] } = options;
  requireCap("limits.perDay", limits.perDay);
  if (limits.perInference !== undefined) requireCap("limits.perInference", limits.perInference);
  const record = checkSchema(DeploymentRecord, options.record);
  if (!isAddress(options.token)) throw new InputError(`token: ${options.token}, want an address`);
  const chain = await askingNode(() => connectAgent(rpcUrl, record));
  let journal: Journal | undefined;
  try {
    journal = new Journal(options.journal, [PURCHASES_SCHEMA]);
    const closer = new AbortController();
    const purchases = new Purchases(journal, chain.chainId, wallet.address);
    const { InferenceEscrow, PrepaidOrders } = record.contracts;
    purchases.requireContracts([InferenceEscrow.address, PrepaidOrders.address]);
    const trust = {
      chain,
      client: wallet.address,
      purchases,
      token: getAddress(options.token),
      limits,
      setups: allowSetups,
      closing: closer.signal,
    };
    await askingNode(() => refresh(trust));
    return new Buyer(options, trust, journal, closer);
  } catch (error) {
    journal?.close();
    chain.close();
    throw error;
  }
}
