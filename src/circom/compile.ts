import { execFile } from "node:child_process";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, parse, resolve } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { cached } from "../cache.ts";
import { InputError } from "../errors.ts";
import { readR1cs } from "./readR1cs.ts";

const require = createRequire(import.meta.url);
const run = promisify(execFile);

// O2 substitutes dense layers into A and B: a key seven times larger for 4 % fewer constraints. So O1, and gadgets
// whose linear state costs no signals.
const FLAGS = ["--r1cs", "--wasm", "--sym", "--O1"];

/** What a circuit costs. Groth16 pays for `total`, rounded up to 2^`domainPower`. */
export interface ConstraintCounts {
  readonly nonlinear: number;
  readonly linear: number;
  readonly total: number;
  readonly domainPower: number;
}

export interface CompiledCircuit {
  readonly dir: string;
  readonly r1csPath: string;
  readonly wasmPath: string;
  readonly symPath: string;
  readonly constraints: ConstraintCounts;
  readonly cached: boolean;
}

export interface CompileOptions {
  /** The file with `component main`. */
  readonly mainPath: string;
  /** Folders in which `include` looks, after the including file's own. */
  readonly libraries: readonly string[];
  readonly cacheRoot: string;
}

/**
 * Compiles a circuit with circom in a child process, once per content of its sources.
 * Throws an Error whose cause is the compiler's text.
 */
export async function compileCircuit(options: CompileOptions): Promise<CompiledCircuit> {
  const mainPath = resolve(options.mainPath);
  const libraries = options.libraries.map((library) => resolve(library));
  const sources = await sourceParts(mainPath, libraries);
  const version: string = require("circom2/package.json").version;
  const entry = await cached(resolve(options.cacheRoot), [`circom2 ${version}`, ...FLAGS, ...sources], (dir) =>
    compileInto(dir, mainPath, libraries),
  );
  const constraints: ConstraintCounts = JSON.parse(await readFile(join(entry.dir, "constraints.json"), "utf8"));
  const path = (extension: string) => join(entry.dir, `circuit.${extension}`);
  return { ...entry, r1csPath: path("r1cs"), wasmPath: path("wasm"), symPath: path("sym"), constraints };
}

async function compileInto(dir: string, mainPath: string, libraries: readonly string[]): Promise<void> {
  const log = await runCircom([mainPath, ...FLAGS, "-o", dir, ...libraries.flatMap((library) => ["-l", library])], dir);
  const name = parse(mainPath).name;
  await rename(join(dir, `${name}.r1cs`), join(dir, "circuit.r1cs"));
  await rename(join(dir, `${name}.sym`), join(dir, "circuit.sym"));
  await rename(join(dir, `${name}_js`, `${name}.wasm`), join(dir, "circuit.wasm"));
  await rm(join(dir, `${name}_js`), { recursive: true });
  const { constraints: total, domainPower } = await readR1cs(join(dir, "circuit.r1cs"));
  const nonlinear = countIn(log, "non-linear constraints");
  const linear = countIn(log, "linear constraints");
  await writeFile(join(dir, "constraints.json"), JSON.stringify({ nonlinear, linear, total, domainPower }));
}

/** circom's standard output. Its sandbox sees the working folder and all parents: from the root, everything. */
async function runCircom(args: readonly string[], dir: string): Promise<string> {
  const options = { cwd: parse(dir).root, maxBuffer: 64 << 20 };
  try {
    return stripVTControlCharacters(
      (await run(process.execPath, [require.resolve("circom2/cli.js"), ...args], options)).stdout,
    );
  } catch (error) {
    const { stdout = "", stderr = "", message } = error as Error & { stdout?: string; stderr?: string };
    const report = stripVTControlCharacters(`${stderr}${stdout}`).trim() || message;
    const summary = report.split("\n").find((line) => line.startsWith("error")) ?? report.split("\n")[0];
    throw new Error(`circom refuses ${args[0]}: ${summary}`, { cause: report });
  }
}

function countIn(log: string, label: string): number {
  const line = log.split("\n").find((text) => text.startsWith(`${label}:`));
  if (line === undefined) throw new Error(`circom printed no count of ${label}`, { cause: log });
  return Number(line.slice(label.length + 1));
}

/** The main file and everything it can include, each with the name and the folder's rank under which it was found. */
async function sourceParts(mainPath: string, libraries: readonly string[]): Promise<string[]> {
  if (!(await isFile(mainPath))) throw new InputError(`${mainPath}: no such circuit file`);
  const parts: string[] = [];
  const seen = new Set([mainPath]);
  for (const path of seen) {
    const text = await readFile(path, "utf8");
    parts.push(text);
    for (const [, name] of text.matchAll(/\binclude\s*"([^"]+)"/g)) {
      for (const [rank, folder] of [dirname(path), ...libraries].entries()) {
        const candidate = resolve(folder, name);
        if (!(await isFile(candidate))) continue;
        parts.push(`${rank} ${name}`);
        seen.add(candidate);
      }
    }
  }
  return parts;
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (status) => status.isFile(),
    () => false,
  );
