import hre from "hardhat";
import type { FailedTest } from "./verdict.ts";

interface SuiteResult {
  readonly id: { readonly source: string };
  readonly testResults: readonly { readonly name: string; readonly status: string; readonly reason?: string }[];
}

/** Runs the Solidity tests of the given files on the artifacts that lie there; the first that fails. */
export async function runSolidityTests(files: readonly string[]): Promise<FailedTest | undefined> {
  const result = await hre.tasks.getTask(["test", "solidity"]).run({ testFiles: [...files], noCompile: true });
  const suites: readonly SuiteResult[] = (result.value ?? result.error)?.suiteResults ?? [];
  if (suites.length === 0) throw new Error("no Solidity test ran");
  for (const { id, testResults } of suites) {
    const failed = testResults.find(({ status }) => status === "Failure");
    if (failed !== undefined)
      return { file: id.source.replace(/^project\//, ""), title: failed.name, message: failed.reason ?? "" };
  }
  return undefined;
}
