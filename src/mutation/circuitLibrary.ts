import fs, { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { SCALAR_ORDER } from "../field.ts";
import { forEachTerm, littleEndian, readR1cs } from "../circom/readR1cs.ts";
import { projectPath } from "../paths.ts";
import type { Row } from "./findWitness.ts";
import type { LinearForm } from "./linearForm.ts";

const require = createRequire(import.meta.url);
const { CircomRunner, bindings } = require("circom2");

/** A compiled circuit: its constraints and the wire of each signal, named without the leading `main.`. */
export interface ConstraintSystem {
  readonly rows: readonly Row[];
  /** By the signals that the compiler kept; several names may stand for one wire. */
  readonly wires: ReadonlyMap<string, number>;
}

/** A copy of circuits/lib whose files can be changed, and a compiler that stays loaded: a circuit takes 20 to 100 ms. */
export interface CircuitLibrary {
  /** Text of each file by its name. */
  readonly files: ReadonlyMap<string, string>;
  /** Compiles a main file under --O1 as models are, with some files replaced; undefined where circom refuses. */
  compile(main: string, replaced?: ReadonlyMap<string, string>): Promise<ConstraintSystem | undefined>;
}

/** Opens the library in an empty folder, which it fills. */
export async function openCircuitLibrary(folder: string): Promise<CircuitLibrary> {
  const source = projectPath("circuits/lib");
  cpSync(source, folder, { recursive: true });
  const names = readdirSync(source).filter((name) => name.endsWith(".circom"));
  const files = new Map(names.map((name) => [name, readFileSync(join(source, name), "utf8")]));
  const module = await WebAssembly.compile(readFileSync(require.resolve("circom2/circom.wasm")));
  const mainPath = join(folder, "Main.circom");
  return {
    files,
    async compile(main, replaced = new Map()) {
      writeFileSync(mainPath, main);
      for (const [name, text] of replaced) writeFileSync(join(folder, name), text);
      try {
        return (await runCircom(module, folder)) ? await readSystem(folder) : undefined;
      } finally {
        for (const name of replaced.keys()) writeFileSync(join(folder, name), files.get(name)!);
        rmSync(join(folder, "Main.r1cs"), { force: true });
      }
    },
  };
}

/** Whether circom accepts Main.circom. It runs in this process, its messages dropped. */
async function runCircom(module: WebAssembly.Module, folder: string): Promise<boolean> {
  const path = relative("/", folder);
  const { wasi } = new CircomRunner({
    args: [`${path}/Main.circom`, "--r1cs", "--sym", "--O1", "-o", path, "-l", path, "-l", `${path}/generated`],
    env: {},
    preopens: { ".": "/" },
    bindings: { ...bindings, exit: requireSuccess, fs: SILENT_FS },
  });
  try {
    wasi.start(await WebAssembly.instantiate(module, wasi.getImports(module)));
    return true;
  } catch {
    // A refusal, or a panic of the compiler.
    return false;
  }
}

function requireSuccess(code: number): void {
  if (code !== 0) throw new Error(`circom ends with ${code}`);
}

/** The file system but for the process's own output. */
const SILENT_FS = {
  ...fs,
  writeSync: (file: number, bytes: Uint8Array, ...rest: number[]): number =>
    file <= 2 ? bytes.length : fs.writeSync(file, bytes, ...rest),
};

async function readSystem(folder: string): Promise<ConstraintSystem> {
  const r1cs = await readR1cs(join(folder, "Main.r1cs"));
  const forms = Array.from({ length: r1cs.constraints }, () =>
    [0, 1, 2].map(() => ({ constant: 0n, terms: new Map<number, bigint>() })),
  );
  forEachTerm(r1cs, (matrix, constraint, wire, offset) => {
    const value = littleEndian(r1cs.bytes.subarray(offset, offset + 32)) % SCALAR_ORDER;
    const form = forms[constraint][matrix];
    if (wire === 0) form.constant = value;
    else if (value !== 0n) form.terms.set(wire, value);
  });
  const rows = forms.map(([a, b, c]: LinearForm[]) => ({ a, b, c }));
  return { rows, wires: readWires(readFileSync(join(folder, "Main.sym"), "utf8")) };
}

/** Lines of a .sym file: signal, wire or −1, component, name. */
function readWires(sym: string): Map<string, number> {
  const wires = new Map<string, number>();
  for (const line of sym.trim().split("\n")) {
    const [, wire, , name] = line.split(",");
    if (Number(wire) >= 0) wires.set(name.slice("main.".length), Number(wire));
  }
  return wires;
}
