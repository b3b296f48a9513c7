import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Journal } from "../../src/agent/journal/journal.ts";
import type { SellableModel } from "../../src/agent/provider/offer.ts";
import { createProvenCheck } from "../../src/agent/proving/checkProven.ts";
import { createJournalQueue, PROVING_SCHEMA } from "../../src/agent/proving/journalQueue.ts";
import type { Proven, ProvingPool, ProvingQueue, ProvingTask } from "../../src/agent/proving/provingPool.ts";
import { startProvingPool, type ProvingPoolOptions } from "../../src/agent/proving/workerPool.ts";
import { InputError } from "../../src/errors.ts";
import { infer, signalsOf } from "../../src/model/infer.ts";
import { dealerTrapdoor, mintProof } from "../../src/setup/mint.ts";
import { isProofOf, MODEL, sellableDigits, taskOf } from "./provingFixture.ts";

let folder: string;
let model: SellableModel;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tollgate-pool-test-"));
  model = await sellableDigits();
});
after(() => rm(folder, { recursive: true }));

const openJournal = (name: string) => new Journal(join(folder, name, "journal.sqlite"), [PROVING_SCHEMA]);
const rejection = (promise: Promise<unknown>) => promise.then(String, (error: unknown) => error as Error);
const minted = async ({ opening, subject }: ProvingTask): Promise<Proven> => {
  const inference = infer(model.graph, opening.inputs, opening.salt);
  const signals = signalsOf(inference, model.keyId, subject);
  return { words: inference.words, proof: mintProof(await dealerTrapdoor(model.r1csPath), signals), seconds: 1 };
};

describe("the proving queue in the journal", () => {
  it("hands each task to one taker, the oldest first, and again after the process was killed", async () => {
    const journal = openJournal("queue");
    const queue = createJournalQueue(journal);
    const [first, second] = [await taskOf(model, 1), { ...(await taskOf(model, 2)), model: "other" }];
    for (const task of [first, second, first]) await queue.push(task);
    expect(await queue.take([MODEL])).to.deep.equal(first);
    expect(await queue.take([MODEL])).to.equal(undefined);
    expect([await queue.length(), await queue.length("other")]).to.deep.equal([2, 1]);
    journal.close();
    const reopened = openJournal("queue");
    const again = createJournalQueue(reopened);
    expect(await again.take([MODEL, "other"])).to.deep.equal(first);
    expect(await again.take([MODEL, "other"])).to.deep.equal(second);
    await again.drop(first.subject);
    await again.finish(second.subject, new Error("no witness"));
    expect(await again.resultOf(first.subject)).to.equal(undefined);
    expect(await again.resultOf(second.subject))
      .to.be.an("error")
      .with.property("message", "no witness");
    expect(await again.length()).to.equal(0);
    reopened.close();
  });

  it("keeps the result of a task, and leaves nothing of its opening in the file", async () => {
    const journal = openJournal("private");
    const queue = createJournalQueue(journal);
    const [task, waiting] = [await taskOf(model, 3), await taskOf(model, 4)];
    const result = await minted(task);
    for (const each of [task, waiting]) await queue.push(each);
    await queue.finish(task.subject, result);
    expect(await queue.resultOf(task.subject)).to.deep.equal(result);
    journal.close();
    const files = readdirSync(join(folder, "private")).map((name) => readFileSync(join(folder, "private", name)));
    const isWritten = (text: unknown) => Buffer.concat(files).includes(String(text));
    expect([task.subject, waiting.opening.salt, task.opening.salt].map(isWritten)).to.deep.equal([true, true, false]);
  });
});

describe("a worker's answer", () => {
  it("counts only as words and a proof that the contracts accept for the task", async () => {
    const check = createProvenCheck(model);
    const [task, other] = [await taskOf(model, 4), await taskOf(model, 5)];
    const { words, proof } = await minted(task);
    check(task, { words, proof });
    const [first, ...rest] = proof;
    const wrong: [ProvingTask, readonly bigint[], readonly unknown[]][] = [
      [{ ...task, subject: other.subject }, words, proof],
      [{ ...task, opening: other.opening }, words, proof],
      [task, [words[0] + 1n], proof],
      [task, [words[0] + (1n << 253n)], proof],
      [task, [...words, 0n], proof],
      [task, [], proof],
      [task, words, [...proof, 0n]],
      [task, words, [first + 1n, ...rest]],
      [task, words, [Number(first), ...rest]],
    ];
    for (const [about, said, shown] of wrong)
      expect(() => check(about, { words: said, proof: shown as unknown as Proven["proof"] })).to.throw();
  });
});

describe("a proving pool", () => {
  let journal: Journal;
  let queue: ProvingQueue;
  let pool: ProvingPool;
  let worker = 0;
  let onStart = (_pid: number): void => {};
  const warnings: Record<string, unknown>[] = [];
  const logger = {
    info: ({ pid, reason }: { pid: number; reason?: string }) => {
      if (reason === undefined) onStart((worker = pid));
    },
    warn: (about: Record<string, unknown>) => void warnings.push(about),
  } as unknown as ProvingPoolOptions["logger"];

  before(async () => {
    process.env.TOLLGATE_TEST_SECRET = "0xsecret";
    journal = openJournal("pool");
    queue = createJournalQueue(journal);
    pool = await startProvingPool({ models: { [MODEL]: model }, queue, logger });
  });
  after(async () => {
    delete process.env.TOLLGATE_TEST_SECRET;
    await pool.close();
    journal.close();
  });

  it("proves two subjects in turn, each once for all its callers, and says how long that takes", async () => {
    const [first, second] = [await taskOf(model, 0), await taskOf(model, 1)];
    const free = await pool.secondsUntilProven(MODEL);
    const proofs = Promise.all([pool.prove(first), pool.prove(second), pool.prove(first)]);
    // In millionths of a second: Hardhat's matchers compare integers only.
    const until = async (ahead?: ReadonlyMap<string, number>) =>
      Math.round(1e6 * (await pool.secondsUntilProven(MODEL, ahead)));
    expect(await until()).to.equal(Math.round(1e6 * (free + 2 * (free - 5))));
    expect(await until(new Map([[MODEL, 2]]))).to.equal(Math.round(1e6 * (free + 4 * (free - 5))));
    const [one, two, same] = await proofs;
    expect(isProofOf(model, first, one)).to.equal(true);
    expect(isProofOf(model, second, two)).to.equal(true);
    expect(same).to.deep.equal(one);
    expect(await queue.resultOf(first.subject)).to.deep.equal(one);
    expect(await pool.secondsUntilProven(MODEL)).not.to.equal(free);
  });

  it("gives the worker nothing of the agent's environment but what programs need to start", () => {
    const names = readFileSync(`/proc/${worker}/environ`, "utf8")
      .split("\0")
      .map((entry) => entry.split("=")[0]);
    expect(names).to.include("PATH").and.not.include("TOLLGATE_TEST_SECRET");
    expect(names.filter((name) => !name.startsWith("NODE_")).length).to.be.at.most(3);
  });

  it("proves a task whose worker was killed", async () => {
    const task = await taskOf(model, 2);
    const killed = worker;
    const proof = pool.prove(task);
    await sleep(30);
    process.kill(killed, "SIGKILL");
    expect(isProofOf(model, task, await proof)).to.equal(true);
    expect(worker).not.to.equal(killed);
    expect(warnings.at(-1)).to.include({ attempt: 1, reason: "the worker ended with SIGKILL" });
  });

  it("gives up a task that takes every worker with it, and goes on with the next", async () => {
    const [poison, next] = [await taskOf(model, 3), await taskOf(model, 4)];
    let kills = 0;
    onStart = (pid) => {
      if (++kills < 3) process.kill(pid, "SIGKILL");
    };
    process.kill(worker, "SIGSTOP");
    const failed = rejection(pool.prove(poison));
    const proof = pool.prove(next);
    process.kill(worker, "SIGKILL");
    expect(await failed)
      .to.be.an("error")
      .with.property("message", "the worker ended with SIGKILL");
    expect(isProofOf(model, next, await proof)).to.equal(true);
    expect(kills).to.equal(3);
    onStart = () => {};
  });

  it("refuses an input that is not the model's without another try, and a model that it does not have", async () => {
    const task = await taskOf(model, 5);
    const tries = warnings.length;
    const short = { ...task, opening: { ...task.opening, inputs: [[1n]] } };
    expect(await rejection(pool.prove(short)))
      .to.be.an("error")
      .with.property("message")
      .that.matches(/want 64/);
    expect(warnings.length).to.equal(tries);
    expect(await rejection(pool.prove({ ...task, model: "other" }))).to.be.instanceOf(InputError);
  });

  it("drops a task that waits and forgets one that is worked on when nobody wants them any more", async () => {
    const [running, waiting, wanted] = [await taskOf(model, 6), await taskOf(model, 7), await taskOf(model, 8)];
    const abort = new AbortController();
    const dropped = [running, waiting].map((task) => rejection(pool.prove(task, abort.signal)));
    const proof = pool.prove(wanted);
    await sleep(30);
    abort.abort();
    for (const error of await Promise.all(dropped)) expect(error).to.have.property("name", "AbortError");
    expect(await queue.length()).to.equal(1);
    expect(isProofOf(model, wanted, await proof)).to.equal(true);
    expect(await queue.resultOf(waiting.subject)).to.equal(undefined);
    await pool.forget(wanted.subject);
    expect(await queue.resultOf(wanted.subject)).to.equal(undefined);
  });

  it("believes no queue that has another proof than the task's", async () => {
    const [task, other] = [await taskOf(model, 9), await taskOf(model, 10)];
    const lie = await minted(other);
    const lying: ProvingQueue = {
      ...queue,
      push: async () => {},
      take: async () => undefined,
      resultOf: async () => lie,
    };
    const deceived = await startProvingPool({ models: { [MODEL]: model }, queue: lying });
    const refusal = await rejection(deceived.prove(task));
    await deceived.close();
    expect(refusal).to.be.an("error").with.property("message", "the proof does not verify for the task");
  });

  it("leaves what is not proven in the queue when it closes", async () => {
    const task = await taskOf(model, 11);
    const interrupted = rejection(pool.prove(task));
    await sleep(30);
    await pool.close();
    expect(await interrupted).to.have.property("name", "AbortError");
    expect(await queue.length()).to.equal(1);
    expect(existsSync(`/proc/${worker}`)).to.equal(false);
  });

  it("takes a killed process's work up, whose worker and files are gone with it", async () => {
    const task = await taskOf(model, 12);
    const scratch = await mkdtemp(join(folder, "scratch-"));
    const agent = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", AGENT],
      {
        env: { TMPDIR: scratch },
        stdio: ["ignore", "ignore", "inherit", "ipc"],
        serialization: "advanced",
      },
    );
    agent.send({ model, task, path: join(folder, "killed", "journal.sqlite") });
    const [orphan] = (await once(agent, "message")) as [number];
    agent.kill("SIGKILL");
    await once(agent, "exit");
    const reopened = openJournal("killed");
    const resumed = createJournalQueue(reopened);
    expect(await resumed.length()).to.equal(1);
    const next = await startProvingPool({ models: { [MODEL]: model }, queue: resumed });
    while ((await resumed.length()) > 0) await sleep(50);
    expect(isProofOf(model, task, await next.prove(task))).to.equal(true);
    await next.close();
    reopened.close();
    while (existsSync(`/proc/${orphan}`)) await sleep(50);
    expect(readdirSync(scratch)).to.deep.equal([]);
  });

  it("ends a worker that takes too long or has no work", async () => {
    const journal = openJournal("slow");
    const options = { models: { [MODEL]: model }, queue: createJournalQueue(journal), logger };
    const slow = await startProvingPool({ ...options, maxSeconds: 0.01 });
    const failure = await rejection(slow.prove(await taskOf(model, 13)));
    await slow.close();
    expect(failure).to.be.an("error").with.property("message", "the proof took more than 0.01 seconds");
    const lazy = await startProvingPool({ ...options, idleSeconds: 0.01 });
    await lazy.prove(await taskOf(model, 14));
    while (existsSync(`/proc/${worker}`)) await sleep(50);
    await lazy.close();
    journal.close();
  });
});

const AGENT_FOLDER = new URL("../../src/agent/", import.meta.url).href;

/** An agent's process that proves one task and tells the pid of its worker. */
const AGENT = `
  import { Journal } from "${AGENT_FOLDER}journal/journal.ts";
  import { createJournalQueue, PROVING_SCHEMA } from "${AGENT_FOLDER}proving/journalQueue.ts";
  import { startProvingPool } from "${AGENT_FOLDER}proving/workerPool.ts";
  process.once("message", async ({ model, task, path }) => {
    const queue = createJournalQueue(new Journal(path, [PROVING_SCHEMA]));
    const logger = { info: ({ pid }) => process.send(pid), warn: () => {} };
    const pool = await startProvingPool({ models: { [task.model]: model }, queue, logger });
    await pool.prove(task);
  });
`;
