import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { oneLine } from "../errors.ts";
import { projectPath } from "../paths.ts";
import type { Gate } from "./gate.ts";

/** What became of a gate. */
export interface GateResult {
  readonly name: string;
  readonly passed: boolean;
  /** What was counted, or why there is nothing to show. */
  readonly figure: string;
  readonly minutes: number;
}

/** Arguments of the gate's command: `count` in place of its own where it is given. */
export function argumentsOf({ command, count, rehearsal }: Gate, isQuick: boolean, own?: string): string[] {
  const wanted = own ?? (isQuick && count !== undefined ? `${count.quick}` : undefined);
  const counted = wanted === undefined || count === undefined ? [] : [count.option, wanted];
  return [...((isQuick ? rehearsal : undefined) ?? command), ...counted];
}

/** Runs a gate as a process of its own that prints where this one prints. It passes by exit code 0 and its figures. */
export async function runGate(gate: Gate, args: readonly string[]): Promise<GateResult> {
  const start = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "tollgate-gate-"));
  try {
    const file = join(folder, "figures.json");
    const child = spawn(process.execPath, [...args, "--json", file], { cwd: projectPath("."), stdio: "inherit" });
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    const { figure, flaw } = await readFigure(gate, file);
    const ended = code === 0 ? [] : [signal ?? `exit code ${code}`];
    // A process that failed before it counted anything owes no figures.
    const missing = code === 0 && flaw !== undefined ? [flaw] : [];
    return {
      name: gate.name,
      passed: code === 0 && figure !== undefined,
      figure: [...ended, ...missing, ...(figure === undefined ? [] : [figure])].join("; "),
      minutes: (performance.now() - start) / 60_000,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function readFigure(gate: Gate, file: string): Promise<{ figure?: string; flaw?: string }> {
  try {
    return { figure: gate.figureOf(JSON.parse(await readFile(file, "utf8"))) };
  } catch (error) {
    return { flaw: `no figures: ${oneLine((error as Error).message)}` };
  }
}
