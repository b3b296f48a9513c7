import { KillHistory } from "./killHistory.ts";
import type { ContractMutant } from "./mutant.ts";
import type { FailedTest, Verdict } from "./verdict.ts";
import type { VerdictMemory } from "./verdictMemory.ts";
import type { Answer, Task } from "./worker.ts";
import { WorkerProcess } from "./workerProcess.ts";

/** A mutant and what became of it. */
export interface JudgedContract extends Omit<ContractMutant, "text">, Verdict {}

export interface ContractRun {
  readonly mutants: readonly ContractMutant[];
  readonly memory: VerdictMemory;
  /** How many processes judge at once, and the folder in which each has its own. */
  readonly jobs: number;
  readonly folder: string;
  /** Whether mutants that pass the TypeScript tests meet the Solidity tests too. */
  readonly fuzzes: boolean;
  /** Called for each test that fails on the originals as they are compiled here, and so can kill nothing. */
  readonly onLeftOut?: (test: FailedTest) => void;
  /** Called for each verdict that holds. */
  readonly onVerdict?: (judged: JudgedContract) => void;
}

/** After so many verdicts the tests must pass on the originals again, or none of the verdicts counts. */
const CONTROL_EVERY = 30;
/** A control comes early when one test has killed so many in a row. */
const STREAK = 25;
/** A mutant may take this many times as long as all tests take on the originals, and a minute more. */
const PATIENCE = 4;
const MINUTE = 60_000;

const CONTROL: Task = { fuzzes: false, first: [], order: [] };

/** Judges every mutant that has no verdict yet. */
export async function judgeContracts(run: ContractRun): Promise<JudgedContract[]> {
  const verdicts = new Map<ContractMutant, Verdict>();
  const queue: ContractMutant[] = [];
  for (const mutant of run.mutants) {
    const known = run.memory.recall(mutant);
    if (known === undefined) queue.push(mutant);
    else verdicts.set(mutant, known);
  }
  const keep: Keep = async (mutant, verdict) => {
    await run.memory.remember(mutant, verdict);
    verdicts.set(mutant, verdict);
    run.onVerdict?.(withVerdict(mutant, verdict));
  };
  const history = new KillHistory();
  for (const [mutant, { test }] of verdicts) if (test !== undefined) history.note(mutant, test);
  const count = Math.min(run.jobs, queue.length);
  const judges = Array.from({ length: count }, (_, index) => new Judge(`${run.folder}/${index}`, run, history, keep));
  try {
    await Promise.all(judges.map((judge) => judge.work(queue)));
  } finally {
    for (const judge of judges) judge.stop();
  }
  return run.mutants.map((mutant) => withVerdict(mutant, verdicts.get(mutant)!));
}

function withVerdict(
  { file, line, member, operator, before, after }: ContractMutant,
  verdict: Verdict,
): JudgedContract {
  return { file, line, member, operator, before, after, ...verdict };
}

type Keep = (mutant: ContractMutant, verdict: Verdict) => Promise<void>;

/** One worker and the verdicts that wait for its next control. */
class Judge {
  readonly #folder: string;
  readonly #run: ContractRun;
  readonly #history: KillHistory;
  readonly #keep: Keep;
  readonly #waiting: { readonly mutant: ContractMutant; readonly verdict: Verdict }[] = [];
  #worker: WorkerProcess | undefined;
  #limit = 30 * MINUTE;
  #streak = 0;

  constructor(folder: string, run: ContractRun, history: KillHistory, keep: Keep) {
    this.#folder = folder;
    this.#run = run;
    this.#history = history;
    this.#keep = keep;
  }

  async work(queue: ContractMutant[]): Promise<void> {
    this.#worker = await WorkerProcess.start(this.#folder);
    if (this.#folder.endsWith("/0")) for (const test of this.#worker.leftOut) this.#run.onLeftOut?.(test);
    const start = performance.now();
    await this.#control({ ...CONTROL, fuzzes: this.#run.fuzzes });
    this.#limit = PATIENCE * (performance.now() - start) + MINUTE;
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const task = { mutant, fuzzes: this.#run.fuzzes, ...this.#history.orderFor(mutant) };
      const verdict = await this.#judge(task);
      const last = this.#waiting.at(-1)?.verdict.test?.title;
      this.#streak = verdict.test !== undefined && verdict.test.title === last ? this.#streak + 1 : 0;
      this.#waiting.push({ mutant, verdict });
      if (this.#waiting.length >= CONTROL_EVERY || this.#streak >= STREAK)
        await this.#control({ ...CONTROL, first: task.first });
      if (verdict.test !== undefined) this.#history.note(mutant, verdict.test);
    }
    await this.#control(CONTROL);
  }

  stop(): void {
    this.#worker?.stop();
  }

  /** Runs the tests on the originals; lets the verdicts count since the last control. */
  async #control(task: Task): Promise<void> {
    const { fate, test } = await this.#judge(task);
    if (fate !== "survived") throw new Error(`the contracts as they are fail: ${test?.title}: ${test?.message}`);
    for (const { mutant, verdict } of this.#waiting.splice(0)) await this.#keep(mutant, verdict);
    this.#streak = 0;
  }

  /** Asks once more, in a new process and with twice the time, where something but a test went wrong. */
  async #judge(task: Task): Promise<Verdict> {
    const answer = await this.#ask(task, this.#limit);
    if (answer !== undefined && !("broken" in answer)) return answer;
    this.stop();
    this.#worker = undefined;
    const again = await this.#ask(task, 2 * this.#limit);
    if (again !== undefined && "broken" in again) throw new Error(again.broken);
    return again ?? { fate: "late" };
  }

  async #ask(task: Task, limit: number): Promise<Answer | undefined> {
    this.#worker ??= await WorkerProcess.start(this.#folder);
    const answer = await this.#worker.ask(task, limit);
    if (answer === undefined) this.#worker = undefined;
    return answer;
  }
}
