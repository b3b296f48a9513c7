import type { ConstraintCounts } from "../../src/circom/compile.ts";
import type { Accuracy } from "../../src/model/measureAccuracy.ts";
import { formatInteger, formatTable } from "./table.ts";

/** Figures of one model. Memory is of this process. */
export interface BenchReport {
  readonly model: string;
  readonly constraints: ConstraintCounts;
  readonly seconds: Readonly<Record<"compile" | "setup" | "witness" | "prove" | "firstProof", number>>;
  readonly peakMemoryBytes: number;
  readonly accuracy: Accuracy;
}

/** The figures as a table. */
export function describeBench({ constraints, seconds, peakMemoryBytes, accuracy }: BenchReport): string {
  const { nonlinear, linear, total, domainPower } = constraints;
  const time = (value: number) => `${value.toFixed(3)} s`;
  const share = (value: number | null) => (value === null ? "–" : `${(value * 100).toFixed(2)} %`);
  return formatTable([
    ["figure", "measured"],
    [
      "constraints",
      `${formatInteger(total)} (${formatInteger(nonlinear)} non-linear, ${formatInteger(linear)} linear)`,
    ],
    ["domain", `2^${domainPower}`],
    ["compile, from clean", time(seconds.compile)],
    ["dealer setup, from clean", time(seconds.setup)],
    ["witness, warm", time(seconds.witness)],
    ["prove and check, warm", time(seconds.prove)],
    ["prove and check, first", time(seconds.firstProof)],
    ["peak memory", `${formatInteger(Math.round(peakMemoryBytes / 2 ** 20))} MiB`],
    [`integer accuracy, ${accuracy.samples} held out`, share(accuracy.integer)],
    ["float accuracy", share(accuracy.float)],
    ["labels in which they agree", share(accuracy.agreement)],
  ]);
}
