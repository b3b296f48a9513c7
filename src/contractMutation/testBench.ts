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

  private constructor(mocha: Mocha) {
    this.#mocha = mocha;
  }

  static async open(modules: readonly string[]): Promise<TestBench> {
    // No reporter's output, and no reporter that keeps every test's error.
    const mocha = new Mocha({ timeout: MOCHA_TIMEOUT, reporter: class {} as never, bail: true });
    for (const path of modules) mocha.addFile(projectPath(path));
    const bench = new TestBench(mocha);
    hre.hooks.registerHandlers("network", {
      newConnection: async (context, next) => {
        const connection = await next(context);
        bench.#passing.push(connection as never);
        return connection;
      },
    });
    await mocha.loadFilesAsync();
    mocha.cleanReferencesAfterRun(false);
    for (const connection of bench.#passing)
      bench.#lasting.push({ connection, snapshot: await snapshotOf(connection) });
    bench.#passing = [];
    return bench;
  }

  /** Runs tests until one fails, those with the given titles or all of them; `order` names the files to begin with. */
  async run(titles: readonly string[] | undefined, order: readonly string[]): Promise<FailedTest | undefined> {
    await this.#reset();
    const root = this.#mocha.suite;
    const rank = ({ file }: Mocha.Suite): number => {
      const index = order.indexOf(pathOf(file));
      return index < 0 ? order.length : index;
    };
    root.suites.sort((left, right) => rank(left) - rank(right));
    this.#mocha.grep(titles === undefined ? /^/ : new RegExp(`^(?:${titles.map(escaped).join("|")})`));
    return runMocha(this.#mocha);
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

/** How long a test may take, in milliseconds. */
const MOCHA_TIMEOUT = 30_000;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
const pathOf = (file: string | undefined): string => (file === undefined ? "" : relative(projectPath("."), file));

const snapshotOf = async ({ provider }: NetworkConnection): Promise<string> =>
  (await provider.request({ method: "evm_snapshot", params: [] })) as string;

/** The first failure of a run, or a promise that a test left to fail. */
async function runMocha(mocha: Mocha): Promise<FailedTest | undefined> {
  let failed: FailedTest | undefined;
  const fail = (file: string, title: string, error: unknown): void => {
    failed ??= { file, title, message: `${error instanceof Error ? error.message : error}`.slice(0, 200) };
  };
  const onRejection = (error: unknown): void => fail("", "", error);
  process.on("unhandledRejection", onRejection);
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    runner.on("fail", (test, error) => {
      const { parent } = test;
      const title = test.type === "test" ? test.fullTitle() : (parent?.fullTitle() ?? "");
      fail(pathOf(test.file ?? parent?.file), title, error);
    });
  });
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", onRejection);
  return failed;
}
