import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { projectPath } from "../paths.ts";
import type { Answer, Message, Question } from "./modelChecker.ts";
import { type Property, harnessPath, libraryPath } from "./properties.ts";

/** Unsupported: the checker left something out, so that what it proved may say less than it seems to. */
export type Result = "proved" | "not proved" | "unsupported";

export interface Verdict {
  readonly result: Result;
  /** The property in words. */
  readonly title: string;
  /** Targets that were proved. */
  readonly proved: number;
  /** A counterexample was found. */
  readonly refuted: boolean;
  /** What the checker says against it, with counterexamples. */
  readonly objections: readonly string[];
  readonly seconds: number;
}

/** Both halves of a check that can fail: of the library, and of what it must not become. */
export interface Trial extends Verdict {
  readonly property: Property;
  /** The broken library has a counterexample. */
  readonly noticesBreak: boolean;
}

/** The compiler's number for a target that it proved. */
const PROVED = "2961";

/** Checks a property of the library as it is, then of the broken one. Time and objections are those of the first. */
export async function tryProperty(property: Property): Promise<Trial> {
  const verdict = await checkProperty(property);
  const { refuted } = await checkProperty(property, brokenLibrary(property));
  return { ...verdict, property, noticesBreak: refuted };
}

/** Has solc's model checker prove a property, in a thread; of the library as it is or as `libraryText` would have it. */
export async function checkProperty(property: Property, libraryText?: string): Promise<Verdict> {
  const start = performance.now();
  const texts = new Map(libraryText === undefined ? [] : [[libraryPath(property), libraryText]]);
  const { file, contract } = { file: harnessPath(property), contract: property.contract };
  const { errors = [], contracts } = await ask({ file, contract, texts });
  const error = errors.find(({ severity }) => severity === "error");
  if (error !== undefined) throw new Error(`${file} does not compile: ${error.formattedMessage}`);
  const title = contracts?.[file]?.[contract]?.devdoc.title;
  if (title === undefined) throw new Error(`${file}: no contract ${contract} with a title; want what it states`);
  return { ...judge(errors, property.targets), title, seconds: (performance.now() - start) / 1000 };
}

/** The library with the change that breaks the property. */
export function brokenLibrary(property: Property): string {
  const path = libraryPath(property);
  const { before, after } = property.breaks;
  const parts = readFileSync(projectPath(path), "utf8").split(before);
  if (parts.length !== 2) throw new Error(`${path} has ${parts.length - 1} times "${before}", want once`);
  return parts.join(after);
}

async function ask(workerData: Question): Promise<Answer> {
  const worker = new Worker(new URL("./modelChecker.ts", import.meta.url), { workerData });
  const [answer] = (await once(worker, "message")) as [Answer];
  return answer;
}

/** Proved is what has all its targets proved, and about which the checker says nothing else. */
export function judge(messages: readonly Message[], targets: number): Omit<Verdict, "title" | "seconds"> {
  const others = messages.filter(({ errorCode }) => errorCode !== PROVED);
  const proved = messages.length - others.length;
  const refuted = others.some(({ message }) => /^BMC: .* happens here\./.test(message));
  const objections = others.map(({ formattedMessage }) => formattedMessage.trim());
  const isAboutTarget = ({ message }: Message) => /^BMC: .* (?:happens|might happen) here\./.test(message);
  if (!others.every(isAboutTarget)) return { result: "unsupported", proved, refuted, objections };
  if (others.length > 0) return { result: "not proved", proved, refuted, objections };
  if (proved === targets) return { result: "proved", proved, refuted, objections };
  return { result: "not proved", proved, refuted, objections: [`${proved} targets were proved, want ${targets}`] };
}
