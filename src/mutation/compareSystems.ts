import type { Row } from "./findWitness.ts";
import { type LinearForm, addScaled, inverse, isConstant, scale } from "./linearForm.ts";
import type { Probe } from "./probe.ts";

/** Whether two probes have the same constraints up to their order, names of one wire, factors and sides of products. */
export function isSameSystem(left: Probe, right: Probe): boolean {
  const [one, other] = [left, right].map(canonicalRows);
  return one.length === other.length && one.every((row, index) => row === other[index]);
}

function canonicalRows({ rows, wires }: Probe): string[] {
  const names = new Map<number, string>();
  for (const [name, wire] of wires) {
    const known = names.get(wire);
    if (known === undefined || name < known) names.set(wire, name);
  }
  const texts = rows.map((row) => canonicalRow(row, names));
  return [...new Set(texts)].sort();
}

function canonicalRow({ a, b, c }: Row, names: ReadonlyMap<number, string>): string {
  if (isConstant(a) || isConstant(b)) {
    const form = isConstant(a) ? addScaled(c, b, -a.constant) : addScaled(c, a, -b.constant);
    return textOf(scale(form, leadOf(form, names)), names);
  }
  const factors = [leadOf(a, names), leadOf(b, names)];
  const sides = [scale(a, factors[0]), scale(b, factors[1])].map((form) => textOf(form, names)).sort();
  return [...sides, textOf(scale(c, factors[0] * factors[1]), names)].join(" | ");
}

/** What makes the coefficient of the first wire by name 1. */
function leadOf({ terms }: LinearForm, names: ReadonlyMap<number, string>): bigint {
  const wires = [...terms.keys()].sort((left, right) => (names.get(left)! < names.get(right)! ? -1 : 1));
  return wires.length === 0 ? 1n : inverse(terms.get(wires[0])!);
}

function textOf({ constant, terms }: LinearForm, names: ReadonlyMap<number, string>): string {
  const parts = [...terms].map(([wire, coefficient]) => `${coefficient}*${names.get(wire)}`);
  return [...parts.sort(), constant].join(" + ");
}
