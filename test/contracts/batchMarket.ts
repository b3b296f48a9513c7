import type { TransactionResponse } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { Hex, Job } from "../../src/codec/statement.ts";
import { FUNDING, keyIdOf, modelIdOf } from "../../src/codec/statement.ts";
import type { Trapdoor } from "../fixtures/mint.ts";
import { keyOf, mintStatement, scalarOf, siblingOf, trapdoorOf } from "../fixtures/mint.ts";
import { BOND, NATIVE } from "./bondMarket.ts";
import {
  AMOUNT,
  NO_ONE,
  REGISTER_WITH_ROYALTY,
  ROYALTY_BPS,
  TOLL_BPS,
  commitmentTo,
  deployMarket,
  wordsOf,
} from "./market.ts";

/** Why a job was left out of a batch, in the order of the contract's enum. */
export const SKIP = { notOpen: 0n, otherTerms: 1n, deadlinePassed: 2n, keyStopped: 3n } as const;
/** Changes that make a job one that is paid in ether. */
export const IN_ETHER = { token: NATIVE, funding: FUNDING.native } as const;

/** A registered model over a key whose trapdoor is known. */
export interface KnownModel {
  readonly modelId: bigint;
  readonly keyId: Hex;
  readonly trapdoor: Trapdoor;
  readonly wordCount: number;
  readonly royaltyBps: bigint;
  readonly royaltyTo: string;
}

/** A job with its proven words, as `settleBatch` takes it. */
export interface Delivery {
  readonly job: Job;
  readonly words: bigint[];
  readonly proof: bigint[];
}

/** No points of any curve. */
export const NO_PROOF = Array.from({ length: 8 }, () => 0n);

/** A job with nothing to show for it. */
export const unproven = (job: Job): Delivery => ({ job, words: [], proof: NO_PROOF });

/** The parts of an amount, each fee rounded down. */
export function partsOf(amount: bigint, { royaltyBps }: KnownModel) {
  const [toll, royalty] = [TOLL_BPS, royaltyBps].map((bps) => (amount * bps) / 10_000n);
  return { payout: amount - toll - royalty, toll, royalty };
}

/**
 * A market whose models share a setup: `main` and `free` a key too, without a royalty the one, `pair` has words by the
 * two and `doomed` is there to be stopped. `foreign` has a setup of its own. Two providers can put up bonds.
 */
export async function deployBatchMarket(connection: NetworkConnection) {
  const { ethers } = connection;
  const market = await deployMarket(connection);
  const { registry, escrow, token, trapdoor, terms, client, provider, chainId } = market;
  const { tollCollector, royaltyReceiver, stranger } = market;
  const second = (await ethers.getSigners())[5];
  const providers = [provider, second];
  for (const party of providers) {
    await token.mint(party, 1_000n * AMOUNT);
    await token.connect(party).approve(await escrow.collectorOf(FUNDING.allowance), 1_000n * AMOUNT);
  }

  const addModel = async (known: Trapdoor, wordCount: number, royaltyBps: bigint, royaltyTo: string) => {
    await registry.publishKey(keyOf(known), wordCount);
    const keyId = keyIdOf(keyOf(known), wordCount);
    const commitment = commitmentTo(keyId);
    await registry[REGISTER_WITH_ROYALTY](commitment, royaltyBps, royaltyTo);
    const address = await registry.getAddress();
    const modelId = modelIdOf(chainId, address, client.address, commitment, Number(royaltyBps), royaltyTo);
    return { modelId, keyId, trapdoor: known, wordCount, royaltyBps, royaltyTo };
  };
  const { modelId, keyId } = market;
  const royaltyTo = royaltyReceiver.address;
  const models = {
    main: { modelId, keyId, trapdoor, wordCount: 1, royaltyBps: ROYALTY_BPS, royaltyTo },
    free: await addModel(trapdoor, 1, 0n, NO_ONE),
    pair: await addModel(siblingOf(trapdoor, "pair"), 2, 1_000n, stranger.address),
    doomed: await addModel(siblingOf(trapdoor, "doomed"), 1, 7n, royaltyTo),
    foreign: await addModel(trapdoorOf("foreign"), 1, 0n, NO_ONE),
  } satisfies Record<string, KnownModel>;
  const modelOf = (job: Job): KnownModel => Object.values(models).find((model) => model.modelId === job.modelId)!;

  let nonce = 0n;
  const newJob = (changes: Partial<Job> = {}): Job => ({ ...terms, nonce: ++nonce, ...changes });
  const bonded = { bond: BOND, acceptBy: terms.deadline - 1_800n };
  const valueOf = (job: Job, value: bigint) => ({ value: job.token === NATIVE ? value : 0n });
  const open = (job: Job) => escrow.connect(client).open(job, "0x", valueOf(job, job.amount));
  const providerOf = (job: Job) => providers.find(({ address }) => address === job.provider)!;
  const accept = (job: Job) => escrow.connect(providerOf(job)).accept(job, "0x", valueOf(job, job.bond));
  /** Opened, and accepted where there is a bond. */
  const start = async (...jobs: Job[]): Promise<void> => {
    for (const job of jobs) {
      await open(job);
      if (job.bond !== 0n) await accept(job);
    }
  };

  const deliver = (job: Job, words = wordsOf(modelOf(job).wordCount)): Delivery => {
    const { trapdoor: known, keyId: key } = modelOf(job);
    const subject = market.jobId(job);
    const statement = { keyId: key, inputCommitment: job.inputCommitment, words, subject };
    const randomness = [scalarOf(`a ${subject}`), scalarOf(`b ${BigInt(subject) % 8n}`)] as const;
    return { job, words, proof: mintStatement(known, statement, ...randomness) };
  };
  const stop = async ({ keyId: key, trapdoor: known, wordCount }: KnownModel): Promise<void> => {
    const claimOf = (first: bigint) => {
      const words = [first, ...wordsOf(wordCount).slice(1)];
      const claim = { inputCommitment: terms.inputCommitment, words, subject: terms.inputCommitment };
      return { ...claim, proof: mintStatement(known, { keyId: key, ...claim }) };
    };
    await registry.stop(key, claimOf(1n), claimOf(2n));
  };

  const owners = [client, ...providers, tollCollector, royaltyReceiver, stranger];
  const credits = () =>
    Promise.all([terms.token, NATIVE].flatMap((of) => owners.map((owner) => escrow.creditOf(owner, of))));
  /** What settlements of these jobs add to `credits`. */
  const creditsFor = (jobs: readonly Job[]): bigint[] => {
    const sums = new Map<string, bigint>();
    const add = (job: Job, owner: string, amount: bigint) =>
      sums.set(`${job.token} ${owner}`, (sums.get(`${job.token} ${owner}`) ?? 0n) + amount);
    for (const job of jobs) {
      const { payout, toll, royalty } = partsOf(job.amount, modelOf(job));
      add(job, job.provider, payout + job.bond);
      add(job, tollCollector.address, toll);
      add(job, modelOf(job).royaltyTo, royalty);
    }
    return [terms.token, NATIVE].flatMap((of) => owners.map(({ address }) => sums.get(`${of} ${address}`) ?? 0n));
  };
  const settled = ({ job, words }: Delivery) => {
    const { payout, royalty } = partsOf(job.amount, modelOf(job));
    return ["JobSettled", market.jobId(job), job.provider, words, payout, royalty];
  };
  const skipped = (job: Job, index: number, reason: bigint) => ["JobSkipped", market.jobId(job), BigInt(index), reason];
  /** The events of a mined call, all of which must be the escrow's, as name and arguments. */
  const eventsOf = async (sent: Promise<TransactionResponse>): Promise<unknown[][]> =>
    (await (await sent).wait())!.logs.map((log) => {
      const { name, args } = escrow.interface.parseLog(log)!;
      return [name, ...(args.toArray(true) as unknown[])];
    });

  return {
    ...market,
    second,
    models,
    bonded,
    modelOf,
    newJob,
    open,
    accept,
    start,
    deliver,
    stop,
    owners,
    credits,
    creditsFor,
    settled,
    skipped,
    eventsOf,
  };
}

/** What `deployBatchMarket` gives. */
export type BatchMarket = Awaited<ReturnType<typeof deployBatchMarket>>;
