import { readFile } from "node:fs/promises";
import { WitnessCalculatorBuilder } from "circom_runtime";
import type { R1cs } from "../circom/readR1cs.ts";
import { InputError } from "../errors.ts";
import { SCALAR_ORDER } from "../field.ts";

/** A value in (−r, r), or an array of them nested as the circuit's signal is. */
export type InputValue = bigint | readonly InputValue[];

/** The circuit's input signals by name. */
export type Inputs = Readonly<Record<string, InputValue>>;

/** Calculates a witness: a .wtns file in memory. */
export type WitnessCalculator = (inputs: Inputs) => Promise<Uint8Array>;

/** What circom's generated code reports by number. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: "signal not found",
  2: "too many signals set",
  3: "signal already set",
  4: "a constraint or assertion fails",
  5: "not enough memory",
  6: "an input array is too long",
};

/**
 * Keeps one instance of a circuit's witness program. The calculator throws InputError naming the signal where one is
 * missing, unknown, of another size or not in the field, and where the inputs satisfy no witness.
 */
export async function createWitnessCalculator(options: {
  wasmPath: string;
  symPath: string;
  r1cs: R1cs;
}): Promise<WitnessCalculator> {
  const sizes = inputSizes(await readFile(options.symPath, "utf8"), options.r1cs);
  const failures: string[] = [];
  const calculator = await WitnessCalculatorBuilder(await instantiate(options.wasmPath, failures));
  if (calculator.witnessSize !== options.r1cs.wires)
    throw new InputError(
      `${options.wasmPath}: a witness of ${calculator.witnessSize} wires, but the circuit has ${options.r1cs.wires}; compile both together`,
    );
  const calculate = async (inputs: Inputs): Promise<Uint8Array> => {
    checkInputs(inputs, sizes);
    failures.length = 0;
    try {
      return await calculator.calculateWTNSBin(inputs, true);
    } catch (error) {
      // circom_runtime wraps what the program reports in errors of its own.
      throw failures.length > 0 ? new InputError(`inputs: no witness: ${failures.join("; ")}`) : error;
    }
  };
  // One instance holds one witness at a time: calls wait for the one before.
  let last: Promise<unknown> = Promise.resolve();
  return (inputs) => {
    const next = last.then(() => calculate(inputs));
    last = next.catch(() => undefined);
    return next;
  };
}

/** Instantiates circom's program; what it reports goes to `failures`. */
async function instantiate(wasmPath: string, failures: string[]): Promise<WebAssembly.Instance> {
  const nextMessage = (): string => {
    const next = instance.exports.getMessageChar as () => number;
    let text = "";
    for (let code = next(); code !== 0; code = next()) text += String.fromCharCode(code);
    return text.trim();
  };
  const runtime = {
    exceptionHandler: (code: number) => {
      failures.unshift(EXCEPTIONS[code] ?? `circom error ${code}`);
      throw new Error(failures.join("; "));
    },
    printErrorMessage: () => failures.push(nextMessage()),
    writeBufferMessage: nextMessage,
    showSharedRWMemory: () => {},
  };
  const { instance } = await WebAssembly.instantiate(await readFile(wasmPath), { runtime });
  return instance;
}

/** Sizes of the main component's inputs: circom numbers signals outputs first, then inputs. */
function inputSizes(sym: string, r1cs: R1cs): Map<string, number> {
  const sizes = new Map<string, number>();
  const lines = sym.split("\n", r1cs.outputs + r1cs.inputs).slice(r1cs.outputs);
  for (const line of lines) {
    const name = /^\d+,-?\d+,\d+,main\.([^.[]+)/.exec(line)?.[1];
    if (name === undefined) throw new InputError(`the circuit's .sym file does not list its inputs, at "${line}"`);
    sizes.set(name, (sizes.get(name) ?? 0) + 1);
  }
  return sizes;
}

function checkInputs(inputs: Inputs, sizes: ReadonlyMap<string, number>): void {
  const unknown = Object.keys(inputs).find((name) => !sizes.has(name));
  if (unknown !== undefined)
    throw new InputError(`inputs.${unknown}: no such input signal; the circuit's are ${[...sizes.keys()].join(", ")}`);
  for (const [name, size] of sizes) {
    if (!Object.hasOwn(inputs, name)) throw new InputError(`inputs.${name}: missing, want ${size} values`);
    const values = flatten(inputs[name]);
    if (values.length !== size) throw new InputError(`inputs.${name}: want ${size} values, got ${values.length}`);
    for (const value of values) {
      if (typeof value !== "bigint" || value <= -SCALAR_ORDER || value >= SCALAR_ORDER)
        throw new InputError(`inputs.${name}: want bigints between -r and r, got ${String(value)}`);
    }
  }
}

const flatten = (value: InputValue): unknown[] => (Array.isArray(value) ? value.flat(Infinity) : [value]);
