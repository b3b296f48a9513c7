import { mod } from "../field.ts";
import type { ConstraintSystem } from "./circuitLibrary.ts";
import { type Answer, type Row, findWitness } from "./findWitness.ts";
import type { HonestCase, Instance, Refusal } from "./instance.ts";

/** Branches that a search may look at: instances that are sound are decided in fewer. */
const BUDGET = 1500;

/** The constraints of one instance in a compiled circuit of several. */
export interface Probe {
  readonly rows: readonly Row[];
  /** Undefined where the compiler dropped a wire because nothing reads it. */
  readonly inputs: readonly (number | undefined)[];
  readonly outputs: readonly (number | undefined)[];
  /** Wires by signal, named from the instance. */
  readonly wires: ReadonlyMap<string, number>;
}

/** A main component that holds the instances side by side. All inputs are public, so that the compiler keeps them. */
export function mainOf(instances: readonly Instance[]): string {
  const includes = new Set(instances.flatMap((instance) => instance.includes));
  const lines = instances.flatMap(({ inputCount, outputCount }, index) => [
    `signal input in${index}[${inputCount}];`,
    `signal output out${index}[${outputCount}];`,
    `component i${index} = Instance${index}();`,
    `i${index}.in <== in${index};`,
    `out${index} <== i${index}.out;`,
  ]);
  const publics = instances.map((_, index) => `in${index}`).join(", ");
  return [
    "pragma circom 2.2.0;",
    ...[...includes].map((file) => `include "${file}";`),
    ...instances.map(templateOf),
    "template Main() {",
    ...lines,
    "}",
    `component main {public [${publics}]} = Main();`,
  ].join("\n");
}

function templateOf({ declarations, body, inputCount, outputCount }: Instance, index: number): string {
  const signals = `signal input in[${inputCount}];\nsignal output out[${outputCount}];`;
  return `${declarations}\ntemplate Instance${index}() {\n${signals}\n${body}\n}`;
}

/** The constraints of each instance: none is over wires of two. */
export function probesOf({ rows, wires }: ConstraintSystem, instances: readonly Instance[]): Probe[] {
  const owners = new Map<number, number>();
  const named = instances.map(() => new Map<string, number>());
  for (const [name, wire] of wires) {
    const [, , index, rest] = /^(in|out|i)(\d+)(.*)$/.exec(name)!;
    owners.set(wire, Number(index));
    named[Number(index)].set(name.startsWith("i") && name[1] !== "n" ? rest.slice(1) : name.replace(/\d+/, ""), wire);
  }
  const own = instances.map((): Row[] => []);
  for (const row of rows) {
    const first = [row.a, row.b, row.c].flatMap(({ terms }) => [...terms.keys()])[0];
    // A row over no wire is a contradiction, and everybody's.
    if (first === undefined) own.forEach((list) => list.push(row));
    else own[owners.get(first)!].push(row);
  }
  const list = (index: number, signal: string, count: number) =>
    Array.from({ length: count }, (_, at) => wires.get(`${signal}${index}[${at}]`));
  return instances.map(({ inputCount, outputCount }, index) => ({
    rows: own[index],
    inputs: list(index, "in", inputCount),
    outputs: list(index, "out", outputCount),
    wires: named[index],
  }));
}

/** Values by signal of a witness, to be tried on another circuit. */
export type Hints = ReadonlyMap<string, bigint>;

/** A witness of the honest outputs, with the values of `hints` if that is possible. */
export function acceptHonest(probe: Probe, { inputs, outputs }: HonestCase, hints: Hints = new Map()): Answer {
  const fixed = fix(probe, { inputs, outputs });
  const guesses = wiresOf(probe, hints);
  const direct = findWitness({ rows: probe.rows, fixed: new Map([...guesses, ...fixed]), budget: BUDGET });
  if (direct.kind === "witness") return direct;
  return findWitness({ rows: probe.rows, fixed, guesses, budget: BUDGET });
}

/** A witness of other outputs for honest inputs. */
export function forge(probe: Probe, { inputs, outputs }: HonestCase, hints: Hints): Answer {
  const fixed = fix(probe, { inputs, outputs: outputs.map(() => undefined) });
  const differ = new Map<number, bigint>();
  for (const [index, wire] of probe.outputs.entries()) if (wire !== undefined) differ.set(wire, mod(outputs[index]));
  return findWitness({ rows: probe.rows, fixed, differ, guesses: wiresOf(probe, hints), budget: BUDGET });
}

/** A witness of what must be refused. */
export const violate = (probe: Probe, refusal: Refusal): Answer =>
  findWitness({ rows: probe.rows, fixed: fix(probe, refusal), budget: BUDGET });

/** Values of a witness by signal. */
export const hintsOf = (probe: Probe, values: ReadonlyMap<number, bigint>): Hints =>
  new Map([...probe.wires].flatMap(([name, wire]) => (values.has(wire) ? [[name, values.get(wire)!]] : [])));

function wiresOf({ wires }: Probe, hints: Hints): Map<number, bigint> {
  const values = new Map<number, bigint>();
  for (const [name, value] of hints) if (wires.has(name)) values.set(wires.get(name)!, value);
  return values;
}

function fix({ inputs, outputs }: Probe, values: Refusal): Map<number, bigint> {
  const fixed = new Map<number, bigint>();
  const set = (wires: readonly (number | undefined)[], given: readonly (bigint | undefined)[]): void =>
    wires.forEach((wire, index) => {
      const value = given[index];
      if (wire !== undefined && value !== undefined) fixed.set(wire, mod(value));
    });
  set(inputs, values.inputs);
  set(outputs, values.outputs);
  return fixed;
}
