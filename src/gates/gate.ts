import { z } from "zod";
import { AuditTables } from "../report/auditTable.ts";

const Count = z.int().nonnegative();
const number = (value: number): string => value.toLocaleString("en-US");
const share = (part: number, whole: number): string => (whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`);

/** A check that takes long: a command of its own, which writes its figures as JSON. */
export interface Gate {
  readonly name: string;
  /** Script and arguments, as from the project's top. */
  readonly command: readonly string[];
  /** Option that says how much to try, and how much a rehearsal tries. */
  readonly count?: { readonly option: string; readonly quick: number };
  /** The command of a rehearsal, where it is another one. */
  readonly rehearsal?: readonly string[];
  /** One line of what the command's JSON says. Throws a ZodError where it is not that command's. */
  readonly figureOf: (json: unknown) => string;
}

const OnnxFigures = z.object({ judged: Count, faults: Count });
const VerifierFigures = z.object({ judged: Count, disagreements: Count, sound: Count, valid: Count });
const ContractFigures = z.object({
  passed: Count,
  failed: Count,
  runs: Count.nullable(),
  invariantRuns: Count.nullable(),
});
const ProofFigures = z.object({ properties: Count, proved: Count, refuted: Count });
const MutationFigures = z.object({ mutants: Count, counted: Count, killed: Count, unexplained: Count });

const ChaosFigures = z.record(z.string(), z.object({ violations: z.array(z.string()) }));

const mutationFigure = (json: unknown): string => {
  const { mutants, counted, killed, unexplained } = MutationFigures.parse(json);
  const killedOf = `${number(killed)} of ${number(counted)} killed (${share(killed, counted)})`;
  return `${number(mutants)} mutants, ${killedOf}, ${number(unexplained)} survivors not explained`;
};

/** The shortest first. */
export const GATES: readonly Gate[] = [
  {
    name: "onnx",
    command: ["scripts/fuzz.ts", "onnx"],
    count: { option: "--mutants", quick: 250 },
    figureOf: (json) => {
      const { judged, faults } = OnnxFigures.parse(json);
      return `${number(judged)} damaged files, ${number(faults)} faults`;
    },
  },
  {
    name: "verifier",
    command: ["scripts/fuzz.ts", "verifier"],
    count: { option: "--proofs", quick: 400 },
    figureOf: (json) => {
      const { judged, disagreements, sound, valid } = VerifierFigures.parse(json);
      const shares = `${share(sound, judged)} sound, ${share(valid, judged)} valid`;
      return `${number(judged)} proofs (${shares}), ${number(disagreements)} disagreements`;
    },
  },
  {
    name: "accounting",
    command: ["scripts/smt.ts"],
    figureOf: (json) => {
      const { properties, proved, refuted } = ProofFigures.parse(json);
      return `${number(proved)} of ${number(properties)} properties proved, ${number(refuted)} refuted when broken`;
    },
  },
  {
    name: "audit",
    command: ["scripts/tollgate.ts", "audit", "--all"],
    rehearsal: ["scripts/tollgate.ts", "audit", "digits-mlp"],
    figureOf: (json) => {
      const { models } = AuditTables.parse(json);
      const rows = models.flatMap((model) => model.rows);
      const equal = rows.filter(({ ok }) => ok).length;
      return `${number(models.length)} models, ${number(equal)} of ${number(rows.length)} comparisons equal`;
    },
  },
  {
    name: "chaos",
    command: ["scripts/chaos.ts"],
    rehearsal: ["scripts/chaos.ts", "rpc"],
    count: { option: "--schedules", quick: 2 },
    figureOf: (json) => {
      const parts = Object.values(ChaosFigures.parse(json));
      const violations = parts.flatMap((part) => part.violations).length;
      return `${number(parts.length)} parts of agents, ${number(violations)} violations`;
    },
  },
  {
    name: "contracts",
    command: ["scripts/fuzz.ts", "contracts"],
    rehearsal: ["scripts/fuzz.ts", "contracts", "--quick"],
    figureOf: (json) => {
      const { passed, failed, runs, invariantRuns } = ContractFigures.parse(json);
      const properties = runs === null ? [] : [`${number(runs)} runs a property`];
      const sequences = invariantRuns === null ? [] : [`${number(invariantRuns)} an invariant`];
      return [`${number(passed)} tests passed, ${number(failed)} failed`, ...properties, ...sequences].join("; ");
    },
  },
  {
    name: "circuit-mutants",
    command: ["scripts/tollgate.ts", "mutate", "circuits"],
    count: { option: "--sample", quick: 1 },
    figureOf: mutationFigure,
  },
  {
    name: "contract-mutants",
    command: ["scripts/tollgate.ts", "mutate", "contracts"],
    count: { option: "--sample", quick: 4 },
    figureOf: mutationFigure,
  },
];
