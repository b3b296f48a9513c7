import type { ConstraintCounts } from "../../src/circom/compile.ts";
import type { GasFigures } from "../../src/chain/measureGas.ts";
import type { Accuracy } from "../../src/model/measureAccuracy.ts";
import { formatInteger, formatTable } from "./table.ts";

/** Figures of one model. Gas is of whole transactions but `verify`; memory is of this process. */
export interface BenchReport {
  readonly model: string;
  readonly constraints: ConstraintCounts;
  readonly seconds: Readonly<Record<"compile" | "setup" | "witness" | "prove" | "firstProof", number>>;
  readonly peakMemoryBytes: number;
  readonly accuracy: Accuracy;
  readonly gas: GasFigures & { readonly verifyFloor: number };
}

/** The figures as a table. */
export function describeBench({ constraints, seconds, peakMemoryBytes, accuracy, gas }: BenchReport): string {
  const { nonlinear, linear, total, domainPower } = constraints;
  const time = (value: number) => `${value.toFixed(3)} s`;
  const share = (value: number | null) => (value === null ? "–" : `${(value * 100).toFixed(2)} %`);
  const factor = (gas.verify / gas.verifyFloor).toFixed(4);
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
    [
      "gas of verify, own frame",
      `${formatInteger(gas.verify)} (${factor} × the floor of ${formatInteger(gas.verifyFloor)})`,
    ],
    ["gas of open", formatInteger(gas.open)],
    ["gas of settle", formatInteger(gas.settle)],
    ["gas of settle with royalty", formatInteger(gas.settleRoyalty)],
    ["gas of refund", formatInteger(gas.refund)],
  ]);
}
