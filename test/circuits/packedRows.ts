import { expect } from "chai";
import fc from "fast-check";
import { SCALAR_ORDER, mod } from "../../src/field.ts";
import type { IntegerGraph, LinearNode, RequantiseNode } from "../../src/ir/integerGraph.ts";
import { guaranteesOf } from "../../src/kernels/guarantees.ts";
import { intervalsOf, operandsOf } from "../../src/kernels/interpret.ts";
import { FIELD, type Interval, unbounded } from "../../src/kernels/kernel.ts";
import { linear } from "../../src/kernels/linear.ts";
import { packRows } from "../../src/kernels/packRows.ts";
import { requantise } from "../../src/kernels/requantise.ts";
import {
  type CircuitUnderTest,
  type Constraint,
  type Witness,
  broken,
  compileText,
  forge,
  guardDefining,
  guardOver,
} from "../fixtures/circuits/circuitUnderTest.ts";
import { drawMixedGraph } from "../fixtures/circuits/mixedGraph.ts";
import { drawGraph } from "../fixtures/circuits/randomGraph.ts";

const SUMS: LinearNode = {
  kernel: "Linear",
  name: "sums",
  output: "sums",
  inputs: ["x"],
  groups: 1,
  windows: [[0, 1]],
  weights: [
    [3, -2],
    [-1, 5],
    [2, 2],
  ],
  bias: [1, 0, -30],
};
const RELU: RequantiseNode = {
  kernel: "Requantise",
  name: "relu",
  output: "relu",
  input: "sums",
  shifts: [1],
  bits: 4,
  signed: false,
};
/** Two numbers of 4 bits, three sums that a ReLU halves: the sums share a row. */
const GRAPH: IntegerGraph = {
  format: "tollgate-graph-1",
  name: "packed",
  source: { onnxSha256: "" },
  inputs: [{ name: "x", shape: [2], bits: 4, signed: false, scale: 1, range: { low: 0, high: 15, source: "option" } }],
  kernels: [SUMS, RELU],
  outputs: [],
};

/** The circuit that the kernels emit, its parts named and its values given out. */
async function compilePacked(): Promise<CircuitUnderTest> {
  const intervals = intervalsOf(GRAPH);
  const guarantees = guaranteesOf(GRAPH, intervals);
  const sums = linear.emit(SUMS, operandsOf(SUMS, intervals), guarantees[0]);
  const relu = requantise.emit(RELU, operandsOf(RELU, intervals), guarantees[1]);
  const call = (statements: string): string => /<== (\w+\(.*\))\(\w+\);$/.exec(statements)![1];
  return compileText(
    "PackedRows",
    `pragma circom 2.2.0;
include "Linear.circom";
include "RangeCheck.circom";
include "Requantise.circom";
${sums.declarations}
${relu.declarations}
template PackedRows() {
    signal input x[2];
    component ranges[2];
    for (var i = 0; i < 2; i++) {
        ranges[i] = RangeCheck(4, 4, 1, [1], 0);
        ranges[i].terms <== [x[i]];
        ranges[i].gate <== 1;
    }
    signal output sum[3];
    component sums = ${call(sums.statements)};
    sums.in <== x;
    sum <== sums.out;
    signal output out[3];
    component relu = ${call(relu.statements)};
    relu.in <== sum;
    out <== relu.out;
}
component main = PackedRows();
`,
  );
}

/** Bits of the range check of each element's z; the top bit is what the lower ones leave. */
const LOWER_BITS = [4, 5, 4];

/** What a prover claims of one ReLU, as if its operand were `sum`; a digit of z that does not fit stays in the rest. */
function claim(index: number, sum: bigint): Record<string, bigint> {
  const part = `relu.saturations[${index}]`;
  const t = sum + 1n;
  const [under, saturated] = [t < 0n, t < 0n || t >= 32n];
  const z = under ? t + (1n << BigInt(LOWER_BITS[index] + 1)) : saturated ? t - 32n : t;
  return {
    [`sum[${index}]`]: sum,
    [`${part}.saturatedHint`]: BigInt(saturated),
    ...(index === 2 ? {} : { [`${part}.underHint`]: BigInt(under) }),
    ...Object.fromEntries(
      Array.from({ length: LOWER_BITS[index] }, (_, bit) => [`${part}.z.lower[${bit}]`, (z >> BigInt(bit)) & 1n]),
    ),
    [`out[${index}]`]: under ? 0n : saturated ? 15n : t >> 1n,
  };
}

/** The range check that bounds element `index`. */
const topOf = (circuit: CircuitUnderTest, index: number): Constraint => {
  const part = `relu.saturations[${index}]`;
  const booleans = index === 2 ? [`${part}.saturatedHint`] : [`${part}.saturatedHint`, `${part}.underHint`];
  const lower = Array.from({ length: LOWER_BITS[index] }, (_, bit) => `${part}.z.lower[${bit}]`);
  return guardOver(circuit, [`sum[${index}]`, ...booleans, ...lower]);
};

describe("packed rows", () => {
  let circuit: CircuitUnderTest;
  let honest: Witness;

  before(async () => {
    circuit = await compilePacked();
    honest = await circuit.witness({ x: [0n, 0n] });
  });

  it("hold three sums in one constraint, in lanes as wide as the readers' range checks ask", () => {
    expect(broken(circuit.constraints, honest)).to.deep.equal([]);
    expect(circuit.counts.linear).to.equal(1);
    const row = [0, 1, 2].map((index) => guardDefining(circuit, `sum[${index}]`));
    expect(new Set(row)).to.have.lengthOf(1);
    // |difference| is at most 62 + 29 in the first lane and 75 + 65 in the second.
    const [, , c] = row[0];
    const lanes = [0, 1, 2].map((index) => c.get(circuit.wireOf(`sum[${index}]`))!);
    expect(lanes.map((lane) => lane / lanes[0])).to.deep.equal([1n, 1n << 7n, 1n << 15n]);
  });

  it("let no carry pass from lane to lane: the range check of a reader stops it (Z1)", () => {
    const forged = forge(circuit, honest, { ...claim(0, 1n + 128n), ...claim(1, 0n - 1n) });
    expect(broken(circuit.constraints, forged)).to.deep.equal([topOf(circuit, 0)]);
  });

  it("would let that carry pass without the range check that bounds the lane", () => {
    const guard = topOf(circuit, 0);
    const unguarded = circuit.constraints.filter((constraint) => constraint !== guard);
    const forged = forge(circuit, honest, { ...claim(0, 1n + 128n), ...claim(1, 0n - 1n) });
    expect(forged).to.not.deep.equal(honest);
    expect(broken(unguarded, forged)).to.deep.equal([]);
  });

  it("let no partial sum be another, at the lane's lowest bit or its highest", () => {
    for (const [index, sum] of [
      [0, 2n],
      [0, 62n],
      [1, -65n],
      [1, 94n],
      [2, -31n],
    ] as [number, bigint][]) {
      const forged = forge(circuit, honest, claim(index, sum));
      expect(broken(circuit.constraints, forged), `sum[${index}] = ${sum}`).to.deep.equal([
        guardDefining(circuit, "sum[0]"),
      ]);
    }
  });

  it("let no lane be made up for by a fraction in another", () => {
    // 2^15 times this is -1 modulo p.
    let fraction = mod(-1n);
    while (fraction % 32768n !== 0n) fraction += SCALAR_ORDER;
    const forged = forge(circuit, honest, { ...claim(0, 2n), "sum[2]": -30n + fraction / 32768n });
    const row = guardDefining(circuit, "sum[0]");
    const wrong = broken(circuit.constraints, forged);
    expect(wrong).to.not.include(row);
    expect(wrong).to.include(topOf(circuit, 2));
  });

  it("rest on bounds that are just those of the operands which a requantisation accepts", () => {
    const intervals = intervalsOf(GRAPH);
    const [{ low, high }] = requantise.boundOperands(RELU, operandsOf(RELU, intervals), unbounded(3));
    for (const index of [0, 1, 2]) {
      const { from, to, least, most } = acceptedBy(circuit, honest, index);
      expect([from, to], `operand ${index}`).to.deep.equal([low[index], high[index]]);
      const results = requantise.boundResult(RELU, operandsOf(RELU, intervals), [unbounded(3)], unbounded(3));
      expect([least, most], `result ${index}`).to.deep.equal([results.low[index], results.high[index]]);
    }
  });

  for (const [kinds, drawProgram] of [
    ["sums and labels", drawGraph],
    ["all kernels but trees", drawMixedGraph],
  ] as const) {
    it(`take guaranteed bounds that hold every proven interval of ${kinds}`, () => {
      fc.assert(
        fc.property(fc.gen(), (gen) => {
          const graph = drawProgram((arbitrary) => gen(() => arbitrary));
          const intervals = intervalsOf(graph);
          const guarantees = guaranteesOf(graph, intervals);
          for (const [index, node] of graph.kernels.entries()) {
            const proven = [...operandsOf(node, intervals), intervals.get(node.output)!];
            const known = [...guarantees[index].operands, guarantees[index].result];
            for (const [at, bounds] of known.entries()) expect(encloses(bounds, proven[at])).to.equal(true);
          }
        }),
        { seed: 7, numRuns: 200 },
      );
    });
  }

  it("widen a lane at the power of two, stop below half the field's order, and leave a single sum its own row", () => {
    const within = (bounds: readonly bigint[]): number[] =>
      packRows(
        { low: bounds.map(() => 0n), high: bounds.map(() => 0n) },
        { low: bounds.map((bound) => -bound), high: [...bounds] },
        () => true,
      );
    expect(within([127n, 127n, 128n, 1n])).to.deep.equal([0, 7, 14, 22]);
    expect(within([1n])).to.deep.equal([-1]);
    expect(within([FIELD, 3n, 3n])).to.deep.equal([-1, 0, 2]);
    const half = (1n << 126n) - 1n;
    expect(within([half, half])).to.deep.equal([0, 126]);
    expect(within([half, half, 1n])).to.deep.equal([0, 126, -1]);
    // Exactly at the limit, and one beyond.
    const first = (1n << 120n) - 1n;
    const rest = (FIELD - first - (1023n << 120n)) >> 130n;
    expect(within([first, 1023n, rest])).to.deep.equal([0, 120, 130]);
    expect(within([first, 1023n, rest + 1n])).to.deep.equal([0, 120, -1]);
  });
});

const encloses = (outer: Interval, inner: Interval): boolean =>
  outer.low.every((low, index) => low <= inner.low[index] && outer.high[index] >= inner.high[index]);

/** Least and greatest sum, and result, for which some choice of hints satisfies all constraints of one ReLU. */
function acceptedBy(circuit: CircuitUnderTest, honest: Witness, index: number) {
  const part = `relu.saturations[${index}]`;
  const free = [
    `${part}.saturatedHint`,
    ...(index === 2 ? [] : [`${part}.underHint`]),
    ...Array.from({ length: LOWER_BITS[index] }, (_, bit) => `${part}.z.lower[${bit}]`),
  ];
  const own = new Set([...free, `sum[${index}]`, `out[${index}]`].map(circuit.wireOf));
  const row = guardDefining(circuit, "sum[0]");
  const constraints = circuit.constraints.filter(
    (constraint) => constraint !== row && constraint.some((side) => [...side.keys()].some((wire) => own.has(wire))),
  );
  const last = guardDefining(circuit, `out[${index}]`);
  const sums: bigint[] = [];
  const results: bigint[] = [];
  for (let sum = -200n; sum <= 200n; sum++) {
    for (let choice = 0; choice < 1 << free.length; choice++) {
      const hints = Object.fromEntries(free.map((signal, bit) => [signal, BigInt((choice >> bit) & 1)]));
      const claimed = forge(circuit, honest, { ...hints, [`sum[${index}]`]: sum });
      if (
        broken(
          constraints.filter((constraint) => constraint !== last),
          claimed,
        ).length > 0
      )
        continue;
      for (let out = -40n; out <= 40n; out++) {
        if (broken([last], forge(circuit, claimed, { [`out[${index}]`]: out })).length > 0) continue;
        sums.push(sum);
        results.push(out);
      }
    }
  }
  const extremes = (values: bigint[]): [bigint, bigint] => [
    values.reduce((least, value) => (value < least ? value : least)),
    values.reduce((most, value) => (value > most ? value : most)),
  ];
  const [from, to] = extremes(sums);
  const [least, most] = extremes(results);
  return { from, to, least, most };
}
