import { relative } from "node:path";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import Mocha from "mocha";
import { projectPath } from "../paths.ts";
import type { FailedTest } from "./verdict.ts";

/** The contracts' TypeScript tests, loaded once and run again and again; each chain starts where it was after loading. */
export class TestBench {
  readonly #mocha: Mocha;
  readonly #lasting: { readonly connection: NetworkConnection; snapshot: string }[] = [];
  /** Connections that tests make for themselves. */
  #passing: NetworkConnection[] = [];
  /** Names of the contracts whose code each test file reads. */
  readonly #contractsOf = new Map<string, Set<string>>();
  /** How long the tests of each file took on the originals, in milliseconds. */
  readonly #durations = new Map<string, number>();
  #file = "";

  private constructor(mocha: Mocha) {
    this.#mocha = mocha;
  }

  static async open(modules: readonly string[]): Promise<TestBench> {
    // No reporter's output, and no reporter that keeps every test's error.
    // No limits of time either: a slow machine is no failure, and whoever asks for a verdict waits only so long.
    const mocha = new Mocha({ timeout: 0, reporter: class {} as never });
    for (const path of modules) mocha.addFile(projectPath(path));
    const bench = new TestBench(mocha);
    bench.#watch();
    await mocha.loadFilesAsync();
    mocha.cleanReferencesAfterRun(false);
    for (const connection of bench.#passing)
      bench.#lasting.push({ connection, snapshot: await snapshotOf(connection) });
    bench.#passing = [];
    return bench;
  }

  /** Notes which connections are made, and which file reads which contract. */
  #watch(): void {
    hre.hooks.registerHandlers("network", {
      newConnection: async (context, next) => {
        const connection = await next(context);
        this.#passing.push(connection as never);
        return connection;
      },
    });
    this.#mocha.suite.on("pre-require", (_, file) => (this.#file = pathOf(file)));
    const read = hre.artifacts.readArtifact.bind(hre.artifacts);
    hre.artifacts.readArtifact = async (name) => {
      const artifact = await read(name);
      const contracts = this.#contractsOf.get(this.#file) ?? new Set();
      this.#contractsOf.set(this.#file, contracts.add(artifact.contractName));
      return artifact;
    };
  }

  /** Runs every test; those that fail are left out from then on. */
  async survey(): Promise<FailedTest[]> {
    await this.#reset();
    setBail(this.#mocha.suite, false);
    const failures = await this.#runMocha();
    const failed = new Set(failures.map(({ title }) => title));
    leaveOut(this.#mocha.suite, failed);
    setBail(this.#mocha.suite, true);
    return failures;
  }

  /**
   * Runs tests until one fails: those with the given titles, or all of the files that read one of the contracts.
   * `order` names the files to begin with; of the others the fastest come first.
   */
  async run(
    contracts: ReadonlySet<string>,
    titles: readonly string[] | undefined,
    order: readonly string[],
  ): Promise<FailedTest | undefined> {
    await this.#reset();
    const { suite } = this.#mocha;
    const every = suite.suites;
    const rank = ({ file }: Mocha.Suite): number => {
      const index = order.indexOf(pathOf(file));
      return index < 0 ? order.length + (this.#durations.get(pathOf(file)) ?? 0) : index;
    };
    const concerned = ({ file }: Mocha.Suite): boolean =>
      [...(this.#contractsOf.get(pathOf(file)) ?? [])].some((name) => contracts.has(name));
    suite.suites = every.filter(concerned).sort((left, right) => rank(left) - rank(right));
    this.#mocha.grep(titles === undefined ? /^/ : new RegExp(`^(?:${titles.map(escaped).join("|")})`));
    const [failed] = await this.#runMocha();
    suite.suites = every;
    return failed;
  }

  /** The failures of a run, and promises that tests left to fail. */
  async #runMocha(): Promise<FailedTest[]> {
    const failures: FailedTest[] = [];
    const fail = (file: string, title: string, error: unknown): void => {
      failures.push({ file, title, message: `${error instanceof Error ? error.message : error}`.slice(0, 200) });
    };
    const onRejection = (error: unknown): void => fail(this.#file, "", error);
    process.on("unhandledRejection", onRejection);
    await new Promise<void>((resolve) => {
      const runner = this.#mocha.run(() => resolve());
      let start = performance.now();
      runner.on("suite", ({ file }) => (this.#file = pathOf(file)));
      runner.on("suite end", ({ file, parent }) => {
        if (parent?.root !== true) return;
        if (!this.#durations.has(pathOf(file))) this.#durations.set(pathOf(file), performance.now() - start);
        start = performance.now();
      });
      runner.on("fail", (test, error) => {
        const title = test.type === "test" ? test.fullTitle() : (test.parent?.fullTitle() ?? "");
        fail(pathOf(test.file ?? test.parent?.file), title, error);
      });
    });
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", onRejection);
    return failures;
  }

  async #reset(): Promise<void> {
    for (const connection of this.#passing) await connection.close();
    this.#passing = [];
    for (const entry of this.#lasting) {
      await entry.connection.provider.request({ method: "evm_revert", params: [entry.snapshot] });
      entry.snapshot = await snapshotOf(entry.connection);
      (entry.connection as unknown as { networkHelpers: { clearSnapshots(): void } }).networkHelpers.clearSnapshots();
    }
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
const pathOf = (file: string | undefined): string => (file === undefined ? "" : relative(projectPath("."), file));

const snapshotOf = async ({ provider }: NetworkConnection): Promise<string> =>
  (await provider.request({ method: "evm_snapshot", params: [] })) as string;

function setBail(suite: Mocha.Suite, bail: boolean): void {
  suite.bail(bail);
  for (const child of suite.suites) setBail(child, bail);
}

function leaveOut(suite: Mocha.Suite, titles: ReadonlySet<string>): void {
  suite.tests = suite.tests.filter((test) => !titles.has(test.fullTitle()));
  for (const child of suite.suites) leaveOut(child, titles);
}
