import { formatUnits } from "ethers";
import { openJob, type OpenedJob } from "../agent/openJob.ts";
import { proveForJob, settleJob, type Opening } from "../agent/serveJob.ts";
import { commitInput, randomSalt } from "../codec/commitment.ts";
import { verifyOnChain } from "../chain/verifyClaim.ts";
import type { Job } from "../codec/statement.ts";
import type { Prover } from "../groth16/prover.ts";
import { decodeOutputs } from "../ir/decodeOutputs.ts";
import { encodeInputs } from "../ir/encodeInputs.ts";
import type { ProvenInference } from "../model/proveInference.ts";
import { cheatBeforeSettling, replayOtherEncoding, settleLate, type CheatResult } from "./cheats.ts";
import type { Digit } from "./digits.ts";
import { quoteJob, PRICE, type Market, type Role } from "./market.ts";
import type { Narrator } from "./narrator.ts";

/** What happened on chain. Amounts are in base units of the token. */
export interface StoryResult {
  readonly label: number;
  readonly proveSeconds: number;
  /** Of whole transactions, but `verify`: the registry's own frame in a transaction that only verifies. */
  readonly gas: { readonly verify: number; readonly open: number; readonly settle: number; readonly refund: number };
  readonly paid: bigint;
  readonly toll: bigint;
  readonly refunded: bigint;
  readonly cheats: readonly CheatResult[];
}

/** How a digit's pixels lie: 8×8, row by row, 0 to 16. */
const PICTURE = { width: 8, max: 16 };

interface Cast {
  readonly market: Market;
  readonly prover: Prover;
  readonly narrator: Narrator;
}

const PEOPLE: readonly Role[] = ["client", "provider", "tollCollector", "copier"];

/** A client buys the label of a digit, cheats are refused, and a job that nobody serves is refunded. */
export async function tellStory(cast: Cast, digit: Digit, other: Digit): Promise<StoryResult> {
  const { market, prover, narrator } = cast;
  const opening: Opening = { inputs: encodeInputs(market.model.graph, [digit.row]), salt: randomSalt() };
  const { job, receipt: opened } = await buyDigit(cast, digit, opening);

  const proven = await narrator.step(
    "The provider checks the commitment's opening, infers and proves",
    () => proveForJob(market.tollgate.escrow, market.model, prover, job, opening),
    ({ seconds }) => `The provider opened the commitment, inferred and proved in ${seconds.prove.toFixed(2)} s`,
  );
  const otherInputs = encodeInputs(market.model.graph, [other.row]);
  const scene = { market, prover, job, opening, proven, otherInputs };
  narrator.chapter("3. Cheats before the settlement, each a mined transaction");
  const early = await cheatBeforeSettling(scene);
  tellCheats(narrator, early);

  narrator.chapter("4. The honest settlement");
  const settled = await settleJob(market.tollgate.escrow, market.people.provider, job, proven);
  const claim = { ...proven.inference, ...proven };
  const verifyGas = await verifyOnChain(market, market.tollgate.registry, market.model.keyId, claim);
  const label = tellOutput(cast, proven, digit);
  const { payout, toll } = await settlementOf(market, settled.blockNumber);
  await withdrawAll(market);
  await tellBalances(cast, "after");

  narrator.chapter("5. Cheats after it, and a job that nobody serves");
  const replay = await replayOtherEncoding(scene);
  const late = await settleLate(scene);
  tellCheats(narrator, [replay, late]);
  const { refunded, receipt: refund } = await refundUnserved(cast, job);

  const gas = {
    verify: verifyGas,
    open: Number(opened.gasUsed),
    settle: Number(settled.gasUsed),
    refund: Number(refund.gasUsed),
  };
  narrator.say("Gas, with credit slots written for the first time (the README has it with slots in use):");
  narrator.table([["step", "gas"], ...Object.entries(gas).map(([name, used]) => [name, used.toLocaleString("en-US")])]);
  return {
    label,
    proveSeconds: proven.seconds.witness + proven.seconds.prove,
    gas,
    paid: payout,
    toll,
    refunded,
    cheats: [...early, replay, late],
  };
}

async function buyDigit(cast: Cast, digit: Digit, { inputs, salt }: Opening): Promise<OpenedJob> {
  const { market, narrator } = cast;
  narrator.chapter("2. A client buys the label of a digit");
  narrator.picture(digit.row, PICTURE.width, PICTURE.max);
  await tellBalances(cast, "before");
  const job = await quoteJob(market, commitInput(market.model.graph.inputs, inputs, salt));
  const opened = await openJob(market.tollgate.escrow, market.people.client, job);
  narrator.say(`Job ${opened.jobId.slice(0, 18)}… opened: ${amount(PRICE)} in escrow for one proven answer.`);
  return opened;
}

function tellCheats(narrator: Narrator, cheats: readonly CheatResult[]): void {
  narrator.table([
    ["cheat", "outcome", "reverted with"],
    ...cheats.map(({ name, refused, error }) => [name, refused ? "refused" : "PAID", shorten(error ?? "")]),
  ]);
}

function tellOutput({ market, narrator }: Cast, { inference }: ProvenInference, digit: Digit): number {
  const { outputs } = market.model.graph;
  const decoded = decodeOutputs(market.model.graph, inference.outputs);
  const label = decoded[outputs.findIndex(({ role }) => role === "label")].values[0];
  const logits = decoded[outputs.findIndex(({ role }) => role === "values")].values;
  narrator.say(`Output on chain: label ${label}, the true label is ${digit.truth}.`);
  narrator.say(`Logits: ${logits.map((logit) => logit.toFixed(1)).join("  ")}`);
  return label;
}

/** A client pays for an answer that never comes; from the deadline on a stranger may send the refund. */
async function refundUnserved({ market, narrator }: Cast, { inputCommitment, nonce }: Job) {
  const { escrow } = market.tollgate;
  const job = await quoteJob(market, BigInt(inputCommitment), { nonce: nonce + 2n });
  const { jobId } = await openJob(escrow, market.people.client, job);
  await market.ethers.provider.send("evm_setNextBlockTimestamp", [Number(job.deadline)]);
  const before = await escrow.creditOf(job.client, job.token);
  const receipt = (await (await escrow.connect(market.people.copier).refund(job)).wait())!;
  const refunded = (await escrow.creditOf(job.client, job.token)) - before;
  narrator.say(
    `Job ${jobId.slice(0, 18)}… was opened and nobody served it. At its deadline a stranger sends the refund:`,
  );
  narrator.say(`${amount(refunded)} are the client's again.`);
  return { refunded, receipt };
}

async function settlementOf({ tollgate }: Market, block: number): Promise<{ payout: bigint; toll: bigint }> {
  const [event] = await tollgate.escrow.queryFilter(tollgate.escrow.filters.JobSettled(), block, block);
  const { payout, royalty } = event.args;
  return { payout, toll: PRICE - payout - royalty };
}

/** Pays every credit out; anyone may send this, and only the owner receives. */
async function withdrawAll({ tollgate, token, people }: Market): Promise<void> {
  for (const role of PEOPLE) {
    const owner = people[role].address;
    if ((await tollgate.escrow.creditOf(owner, token)) > 0n) {
      await (await tollgate.escrow.withdrawFor(token, owner)).wait();
    }
  }
}

async function tellBalances({ market, narrator }: Cast, when: string): Promise<void> {
  const balances = await Promise.all(PEOPLE.map((role) => market.token.balanceOf(market.people[role])));
  narrator.table([
    [`balance ${when}`, "TUSD"],
    ...PEOPLE.map((role, index) => [role, formatUnits(balances[index], 6)]),
  ]);
}

const amount = (value: bigint): string => `${formatUnits(value, 6)} TUSD`;

const shorten = (text: string): string =>
  text.replace(/0x([0-9a-f]{8})[0-9a-f]{24,}/g, "0x$1…").replace(/\d{30,}/g, (digits) => `${digits.slice(0, 8)}…`);
