import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import solc from "solc";
import { projectPath } from "../paths.ts";

/** What a thread of this file is asked. */
export interface Question {
  readonly file: string;
  readonly contract: string;
  /** Texts to read instead of the project's, by path. */
  readonly texts: ReadonlyMap<string, string>;
}

/** The compiler's answer, as far as it is read. */
export interface Answer {
  readonly errors?: readonly Message[];
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, { devdoc: { title?: string } }>>>>;
}
export interface Message {
  readonly severity: "error" | "warning" | "info";
  readonly errorCode: string;
  readonly message: string;
  readonly formattedMessage: string;
}

const { file, contract, texts } = workerData as Question;
const read = (path: string): string => texts.get(path) ?? readFileSync(projectPath(path), "utf8");

// Without a time limit the solver counts its steps instead of seconds: it answers the same on every machine.
const input = {
  language: "Solidity",
  sources: { [file]: { content: read(file) } },
  settings: {
    evmVersion: "cancun",
    outputSelection: { [file]: { [contract]: ["devdoc"] } },
    modelChecker: {
      contracts: { [file]: [contract] },
      engine: "bmc",
      solvers: ["z3"],
      targets: ["assert", "overflow", "underflow", "divByZero"],
      showProvedSafe: true,
      showUnproved: true,
      showUnsupported: true,
    },
  },
};
const output = solc.compile(JSON.stringify(input), { import: (path: string) => ({ contents: read(path) }) });
parentPort!.postMessage(JSON.parse(output) satisfies Answer);
