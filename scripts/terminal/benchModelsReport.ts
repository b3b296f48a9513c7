import { LOGIT_BITS, TABLE_BITS } from "../../src/bench/kernelPrograms.ts";
import type { UniformWidths } from "../../src/passes/quantise.ts";
import type { HeldOutFigures } from "../../src/model/measureAccuracy.ts";
import type { Usage } from "./childUsage.ts";
import { formatInteger, formatTable } from "./table.ts";

/** Constraints of a compiled circuit. */
export interface CircuitFigures {
  readonly total: number;
  readonly domainPower: number;
  readonly predicted: number;
  /** Part of `total` that commits to the input and checks its ranges. */
  readonly commitment: number;
  /** Part of `total` that gives the output out. */
  readonly outputWords: number;
  /** What the compiler used; null where the same circuit had been compiled before. */
  readonly compiler: Usage | null;
}

/** A classifier's circuit, and how often its label is the float model's. */
export interface NetworkFigures extends CircuitFigures {
  readonly widths: UniformWidths;
  readonly samples: number;
  /** Share, 0 to 1; null where there is no float model. */
  readonly agreement: number | null;
}

export interface ShippedFigures extends CircuitFigures {
  readonly name: string;
  readonly heldOut: HeldOutFigures;
}

export interface ModelsBench {
  /** The digits that labels are compared on. */
  readonly digits: { readonly count: number; readonly allOfPackage: boolean };
  readonly lenet: NetworkFigures;
  readonly narrowLenet: NetworkFigures;
  readonly mlp: NetworkFigures;
  readonly trees: CircuitFigures;
  readonly table: CircuitFigures;
  readonly pool: CircuitFigures;
  readonly argMax: CircuitFigures;
  readonly shipped: readonly ShippedFigures[];
}

const NONE = "–";

/** Figures beside those to reach and those published, then the shipped models one by one. */
export const describeModelsBench = (bench: ModelsBench): string =>
  [
    formatTable(knownNetworks(bench)),
    describeDigits(bench.digits),
    "Published: the best known circuits for stock Groth16 (a survey of late 2026); “unsound” ones accept false outputs.",
    "Network constraints leave out the input commitment. The trees are drawn from a seed, with 255 bins a feature.",
    "",
    formatTable(shippedModels(bench.shipped)),
    "Held-out samples, default widths. Every circuit was compiled in this run.",
  ].join("\n");

function describeDigits({ count, allOfPackage }: ModelsBench["digits"]): string {
  const digits = `Labels are compared with onnxruntime's on ${formatInteger(count)} digits`;
  return allOfPackage
    ? `${digits}: all of the package mnist, training digits among them.`
    : `${digits}: the committed held-out ones, as the package mnist is not installed.`;
}

function knownNetworks(bench: ModelsBench): string[][] {
  const { lenet, narrowLenet, mlp, trees, table, pool, argMax } = bench;
  const worst = Math.min(
    ...bench.shipped.flatMap(({ heldOut }) => ("agreement" in heldOut ? [heldOut.agreement ?? 0] : [])),
  );
  return [
    ["figure", "measured", "to reach", "published"],
    ["LeNet 28-6-16-120-84-10, network", networkOf(lenet), "104,000", "1,690,000; 2,700,000 unsound"],
    ["  labels that agree", percent(lenet.agreement), "99.90 %", NONE],
    ["  compiler, CPU time", lenet.compiler ? `${lenet.compiler.cpuSeconds.toFixed(1)} s` : NONE, "60 s", NONE],
    ["  compiler, peak memory", lenet.compiler ? mebibytes(lenet.compiler.peakMemoryBytes) : NONE, "1 GB", NONE],
    [`LeNet at ${describeWidths(narrowLenet.widths)}, network`, networkOf(narrowLenet), "65,536", "as above"],
    ["  labels that agree", percent(narrowLenet.agreement), "99.00 %", NONE],
    ["MLP 784-56-10, commitment to 8-bit inputs included", formatInteger(mlp.total), "10,000", "73,416 unsound"],
    ["  labels that agree", percent(mlp.agreement), NONE, NONE],
    ["boosted trees, 100 × depth 6, 20 features of 16 bits", kernelOnly(trees), "10,000", "none in R1CS"],
    [
      "any function of 8 bits, their range check included",
      String(kernelConstraints(table) + TABLE_BITS),
      "38",
      "44 to 46 (indicator tables)",
    ],
    ["max pool, a window of 2×2, 8 bits", kernelOnly(pool), "33", NONE],
    [`argmax of ten ${LOGIT_BITS}-bit logits`, kernelOnly(argMax), "210", NONE],
    ["shipped classifiers, least share of labels that agree", percent(worst), "99.50 %", NONE],
  ];
}

function shippedModels(shipped: readonly ShippedFigures[]): string[][] {
  const rows = shipped.map(({ name, total, predicted, commitment, domainPower, heldOut }) => [
    name,
    formatInteger(total),
    formatInteger(predicted),
    `${((100 * (predicted - total)) / total).toFixed(2)} %`,
    formatInteger(commitment),
    `2^${domainPower}`,
    describeHeldOut(heldOut),
  ]);
  return [["model", "constraints", "predicted", "off by", "of them commitment", "domain", "held out"], ...rows];
}

function describeHeldOut(heldOut: ShippedFigures["heldOut"]): string {
  const { samples } = heldOut;
  if (heldOut.kind === "labels") {
    const { agreement, integer, float } = heldOut;
    return `${percent(agreement)} of ${formatInteger(samples)} labels agree; right ${percent(integer)}, float ${percent(float)}`;
  }
  const { integerRmse, floatRmse, maxDifference, meanDifference } = heldOut;
  return (
    `RMSE ${decimal(integerRmse)}, float ${decimal(floatRmse)} over ${formatInteger(samples)}; ` +
    `apart by ${decimal(meanDifference)} on average, at most ${decimal(maxDifference)}`
  );
}

const networkOf = ({ total, commitment }: CircuitFigures): string => formatInteger(total - commitment);

/** Constraints of a program's only kernel; the commitment has checked what it reads. */
const kernelConstraints = ({ total, commitment, outputWords }: CircuitFigures): number =>
  total - commitment - outputWords;

const kernelOnly = (figures: CircuitFigures): string => formatInteger(kernelConstraints(figures));

const describeWidths = ({ weightBits, activationBits, inputBits }: UniformWidths): string =>
  `${weightBits}-bit weights, ${activationBits}-bit activations, ${inputBits}-bit inputs`;

const percent = (share: number | null): string => (share === null ? NONE : `${(share * 100).toFixed(2)} %`);

const decimal = (value: number | null): string => (value === null ? NONE : value.toFixed(2));

const mebibytes = (bytes: number): string => `${formatInteger(Math.round(bytes / 2 ** 20))} MiB`;
