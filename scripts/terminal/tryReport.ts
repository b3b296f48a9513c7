import type { TryReport } from "../../src/model/tryModel.ts";
import { formatInteger, formatTable } from "./table.ts";

/** The figures of a trial as a table, and its verdict. */
export function describeTry(report: TryReport): string {
  const { constraints, seconds } = report;
  const figures: [string, string][] = [
    ["constraints", constraints === null ? "–" : `${formatInteger(constraints.total)} of 2^${constraints.domainPower}`],
    ["proving key", report.zkeyBytes === null ? "–" : `${formatInteger(report.zkeyBytes)} bytes`],
    ...Object.entries(seconds).map(([stage, value]): [string, string] => [stage, decimal(value, 2, " s")]),
    ["greatest error", decimal(report.maxAbsError, 6, "")],
    ["share of the output's range", decimal(report.maxRelError && report.maxRelError * 100, 3, " %")],
    ["labels agree", report.argmaxAgrees === null ? "–" : String(report.argmaxAgrees)],
    ["verification on the EVM", report.verifyGas === null ? "–" : `${formatInteger(report.verifyGas)} gas`],
  ];
  const verdict = report.ok
    ? "ok: the proof verified, and integer and float model agree on the input given"
    : `not ok: ${report.error}`;
  return `${formatTable([["figure", "value"], ...figures])}\n${verdict}`;
}

const decimal = (value: number | null, digits: number, unit: string): string =>
  value === null ? "–" : `${value.toFixed(digits)}${unit}`;
