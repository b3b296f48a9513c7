import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** How a process ended, and the last that it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lastWords: string;
}

/** A process of the story. */
export interface Child {
  readonly pid: number;
  /** The first line of its output that matches, from line `from` on; rejects where it ends without one. */
  readonly said: (pattern: RegExp, from?: number) => Promise<RegExpMatchArray>;
  /** How many lines it has said. */
  readonly lineCount: () => number;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Ended>;
}

/** Lines that a failure quotes. */
const QUOTED_LINES = 12;

/** A module beside this one: TypeScript in a checkout, compiled in a package. */
export const moduleBeside = (name: string): string =>
  fileURLToPath(new URL(`./${name}${extname(import.meta.url)}`, import.meta.url));

/** The program that runs now: its commands are what the agents of the story run. */
export const PROGRAM = process.argv[1];

/**
 * Starts a module of Node's. Its standard input stays open until this process ends, however it does. A secret travels by
 * `env`, since arguments can be read by everybody on the machine.
 */
export function startNode(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  const hear = (line: string) => {
    lines.push(line);
    for (const listener of listeners) listener();
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", hear);
  const ended = endOf(child, lines);
  void ended.then(() => listeners.forEach((listener) => listener()));
  return {
    pid: child.pid!,
    said: (pattern, from = 0) => hearFor(pattern, from, child, lines, listeners),
    lineCount: () => lines.length,
    kill: (signal) => void child.kill(signal),
    ended,
  };
}

async function endOf(child: ChildProcess, lines: readonly string[]): Promise<Ended> {
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, lastWords: lines.slice(-QUOTED_LINES).join("\n") };
}

function hearFor(
  pattern: RegExp,
  from: number,
  child: ChildProcess,
  lines: readonly string[],
  listeners: Set<() => void>,
): Promise<RegExpMatchArray> {
  return new Promise((resolve, reject) => {
    const listen = () => {
      const match = lines
        .slice(from)
        .map((line) => pattern.exec(line))
        .find((found) => found !== null);
      const isOver = child.exitCode !== null || child.signalCode !== null;
      if (match === undefined && !isOver) return;
      listeners.delete(listen);
      if (match !== undefined) return resolve(match);
      reject(new Error(`a process ended before it said ${String(pattern)}:\n${lines.slice(-QUOTED_LINES).join("\n")}`));
    };
    listeners.add(listen);
    listen();
  });
}
