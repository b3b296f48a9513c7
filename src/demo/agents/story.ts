import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { formatUnits } from "ethers";
import { z } from "zod";
import { parseJsonFile, writeJson } from "../../jsonFile.ts";
import { readHeldOut } from "../../model/heldOut.ts";
import type { InferenceEscrow } from "../../../build/hardhat/types/index.ts";
import { contractAt } from "../../chain/shippedContracts.ts";
import type { Narrator } from "../narrator.ts";
import { moduleBeside, PROGRAM, startNode, type Child, type Ended } from "./child.ts";
import { readDeals, type Deal } from "./deals.ts";
import type { Agent, TradingPlace } from "./tradingPlace.ts";

/** What happened. Amounts are in base units of a token with 18 decimals. */
export interface AgentsStory {
  /** Every job of the escrow, as its events tell it. */
  readonly deals: readonly Deal[];
  /** What the buyers were told, by model. */
  readonly answers: Readonly<Record<string, number>>;
  readonly killed: { readonly jobId: string; readonly answeredAfterSeconds: number };
  readonly cheat: { readonly escrowSaid: string; readonly buyerSaid: string };
  readonly balances: Readonly<Record<Agent, bigint>>;
}

/** Whom the story is about, and where it writes. */
interface Cast {
  readonly place: TradingPlace;
  readonly narrator: Narrator;
  /** Journals and inputs of the agents. */
  readonly folder: string;
}

/** A provider that sells. */
interface Shop {
  readonly process: Child;
  readonly url: string;
}

const DOLLAR = 10n ** 18n;
const PRICES: Readonly<Record<string, bigint>> = {
  "digits-mlp": 2n * DOLLAR,
  "credit-gbdt": 5n * DOLLAR,
  "volatility-mlp": 3n * DOLLAR,
};
const CHEAP = DOLLAR / 2n;
/** Seconds that a buyer gives a provider. */
const DEADLINE = 600;
/** Which held-out sample is bought. */
const SAMPLE = 3;

/** The line of a provider's log that a job's deposit is in and its proof is next. */
const FUNDED = /"job":"(0x[0-9a-f]{64})".*"status":"funded"/;

const Answer = z.object({ outputs: z.array(z.object({ name: z.string(), values: z.array(z.number()) })) });

/** Two buyers pay for three inferences, a provider is killed mid-proof and loses nothing, another cheats and earns nothing. */
export async function tellAgentsStory(cast: Cast): Promise<AgentsStory> {
  const { place, narrator, folder } = cast;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  narrator.chapter("2. A provider, and two buyers that know its URL");
  const shop = await openShop(cast, 0);
  narrator.say(`The provider sells three models at ${shop.url}, process ${shop.process.pid}.`);
  const buying = () =>
    Promise.all([
      buy(cast, "ada", shop.url, "digits-mlp", PRICES["digits-mlp"]),
      buy(cast, "ben", shop.url, "volatility-mlp", PRICES["volatility-mlp"]),
    ]);
  const [digit, forecast] = await narrator.step(
    "Ada buys a digit's label, Ben a volatility forecast",
    buying,
    ([label, basisPoints]) =>
      `Ada bought the label ${label} of a digit, Ben a volatility of ${basisPoints.toFixed(1)} basis points`,
  );

  narrator.chapter("3. The provider is killed in the middle of a proof");
  const { killed, score } = await killMidProof(cast, shop);

  narrator.chapter("4. A cheaper provider, which does not prove");
  const cheat = await buyFromCheat(cast);
  const deals = await readDeals(place);
  const balances = await balancesOf(place);
  tellBooks(narrator, deals, balances);
  const answers = { "digits-mlp": digit, "volatility-mlp": forecast, "credit-gbdt": score };
  return { deals, answers, killed, cheat, balances };
}

/** Starts the provider as its owner would; a port that was its own before finds its buyers again. */
async function openShop({ place, folder }: Cast, port: number): Promise<Shop> {
  const models = Object.entries(PRICES).flatMap(([name, price]) => ["--model", `${name}=${price}`]);
  const files = ["--record", place.recordPath, "--journal", join(folder, "provider.sqlite")];
  const options = ["--rpc", place.url, "--token", String(place.token.target), "--port", String(port)];
  const env = { TOLLGATE_PROVIDER_KEY: place.agents.seller.privateKey, HOME: folder };
  const process = startNode(PROGRAM, ["serve", ...models, ...files, ...options], env);
  const [, url] = await process.said(/(http:\/\/127\.0\.0\.1:\d+)\/\.well-known/);
  return { process, url };
}

/** Runs a buyer to its end and returns what it wanted to know: the last output, one number for each of these models. */
async function buy(cast: Cast, agent: "ada" | "ben", url: string, model: string, maxPrice: bigint): Promise<number> {
  const answer = join(cast.folder, `${agent}-${model}.json`);
  const { code, lastWords } = await startBuyer(cast, agent, url, model, maxPrice, answer);
  if (code !== 0) throw new Error(`${agent} did not get what it paid for:\n${lastWords}`);
  return (await parseJsonFile(answer, Answer)).outputs.at(-1)!.values[0];
}

async function startBuyer(
  { place, folder }: Cast,
  agent: "ada" | "ben",
  url: string,
  model: string,
  maxPrice: bigint,
  answer: string,
): Promise<Ended> {
  const input = join(folder, `${agent}-${model}-input.json`);
  const { samples } = await readHeldOut(model);
  await writeJson(input, { input_data: [samples[SAMPLE].row] });
  const what = ["--model", model, "--input", input, "--max-price", String(maxPrice), "--deadline", String(DEADLINE)];
  const options = [...buyerOptions(place, folder, agent), "--json", answer];
  return startNode(PROGRAM, ["buy", url, ...what, ...options], keyOf(place, agent, folder)).ended;
}

function buyerOptions(place: TradingPlace, folder: string, agent: Agent): string[] {
  const market = ["--record", place.recordPath, "--rpc", place.url, "--token", String(place.token.target)];
  return [...market, "--journal", join(folder, `${agent}.sqlite`)];
}

const keyOf = ({ agents }: TradingPlace, agent: Agent, folder: string): Record<string, string> => ({
  TOLLGATE_BUYER_KEY: agents[agent].privateKey,
  HOME: folder,
});

/** Kills the provider with SIGKILL when it has the deposit and works on the proof, and starts it again. */
async function killMidProof(cast: Cast, shop: Shop): Promise<{ killed: AgentsStory["killed"]; score: number }> {
  const { narrator } = cast;
  const funded = shop.process.said(FUNDED, shop.process.lineCount());
  const purchase = buy(cast, "ada", shop.url, "credit-gbdt", PRICES["credit-gbdt"]);
  const [, jobId] = await Promise.race([funded, purchase.then(neverFunded)]);
  shop.process.kill("SIGKILL");
  const { signal } = await shop.process.ended;
  narrator.say(`The deposit for job ${jobId.slice(0, 18)}… is in; process ${shop.process.pid} ended by ${signal}.`);
  const start = performance.now();
  const again = await narrator.step(
    "The provider is started again",
    () => openShop(cast, Number(new URL(shop.url).port)),
    ({ process }) => `Started again as process ${process.pid}`,
  );
  const score = await narrator.step(
    "It finds the job in its journal and proves",
    () => purchase,
    (isBad) =>
      `It found the job in its journal, proved and was paid; Ada's score: ${isBad ? "a bad loan" : "a good loan"}`,
  );
  const answeredAfterSeconds = (performance.now() - start) / 1000;
  again.process.kill("SIGTERM");
  await again.process.ended;
  return { killed: { jobId, answeredAfterSeconds }, score };
}

function neverFunded(): never {
  throw new Error("the provider answered before it could be killed");
}

/** Ben buys a digit where it is cheap; the answer is refused, and the deposit comes back after the deadline. */
async function buyFromCheat(cast: Cast): Promise<AgentsStory["cheat"]> {
  const { place, narrator, folder } = cast;
  const args = [place.url, place.recordPath, "digits-mlp", String(place.token.target), String(CHEAP)];
  const cheat = startNode(moduleBeside("cheatingProvider"), args, { CHEAT_KEY: place.agents.cheat.privateKey });
  const [url] = await cheat.said(/^http:\/\/\S+$/);
  const { code, lastWords } = await narrator.step(
    `Ben buys a digit's label for ${dollars(CHEAP)}`,
    () => startBuyer(cast, "ben", url, "digits-mlp", CHEAP, join(folder, "never.json")),
    () => "It took the deposit into the escrow and showed a proof of something else",
  );
  if (code === 0) throw new Error("the buyer took an answer without a proof of it");
  const [, escrowSaid] = await cheat.said(/^settle: (.*)$/);
  cheat.kill("SIGKILL");
  const buyerSaid = lastWords.split("\n").findLast((line) => line.includes("order 0x")) ?? lastWords;
  narrator.say(`The escrow: ${escrowSaid}. Ben's agent: ${buyerSaid}`);
  await place.wait(DEADLINE + 1);
  const options = buyerOptions(place, folder, "ben");
  const reclaim = await startNode(PROGRAM, ["buy", "--reclaim", ...options], keyOf(place, "ben", folder)).ended;
  if (reclaim.code !== 0) throw new Error(`the deposit did not come back:\n${reclaim.lastWords}`);
  narrator.say("After the deadline the buyer took its deposit back.");
  return { escrowSaid, buyerSaid };
}

/** What everybody has of the token, in the purse and as credit in the escrow. */
async function balancesOf({ agents, token, record, provider }: TradingPlace): Promise<AgentsStory["balances"]> {
  const escrow = await contractAt<InferenceEscrow>(
    "InferenceEscrow",
    record.contracts.InferenceEscrow.address,
    provider,
  );
  const entries = Object.entries(agents).map(async ([name, { address }]) => [
    name,
    (await token.balanceOf(address)) + (await escrow.creditOf(address, token)),
  ]);
  return Object.fromEntries(await Promise.all(entries)) as AgentsStory["balances"];
}

const dollars = (amount: bigint): string => `${formatUnits(amount, 18)} SUSD`;

function tellBooks(narrator: Narrator, deals: readonly Deal[], balances: AgentsStory["balances"]): void {
  narrator.chapter("5. Who paid what for which proof");
  const short = (hash: string | undefined): string => (hash === undefined ? "–" : `${hash.slice(0, 10)}…`);
  const row = ({ buyer, provider, model, amount, payout, outcome, jobId, transaction }: Deal): string[] => {
    const terms = [buyer, provider, model, dollars(amount), dollars(payout), outcome];
    return [...terms, short(jobId), short(transaction)];
  };
  const head = ["buyer", "provider", "model", "amount", "payout", "outcome", "proof for job", "transaction"];
  narrator.table([head, ...deals.map(row)]);
  narrator.table([
    ["agent", "purse and credit"],
    ...Object.entries(balances).map(([name, sum]) => [name, dollars(sum)]),
  ]);
}
