import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import { keccak256 } from "ethers";
import type { Claim } from "../model/claim.ts";
import { compileModel, type EmittedModel } from "../model/compileModel.ts";
import type { ImportOptions } from "../model/importModel.ts";
import type { ModelFiles } from "../model/modelFiles.ts";
import { verifierName } from "../model/writeArtefacts.ts";
import type { KeyCheck } from "../setup/phase2/checkKey.ts";
import { type AuditRow, compare, type ModelAudit } from "./auditReport.ts";
import { compareChain, type FreshCode, type RecordedChain, saidInJavaScript } from "./compareChain.ts";
import { compareFiles, readTexts, type Texts } from "./compareFiles.ts";
import { compareLock } from "./compareLock.ts";
import { type CompiledContract, compileText } from "./compileContracts.ts";
import { inOrderOfLinks, linksOf } from "./links.ts";
import { proveSample } from "./proveSample.ts";
import type { Claims } from "./readClaims.ts";
import { checkFolderKey, rebuildDealerKey, rebuildProgram, type RebuiltModel } from "./rebuildModel.ts";
import { VALID, verifyInRegistry, verifyStandAlone } from "./verifyOnEvm.ts";

/** Runs work that may take seconds and tells of it. */
export type Step = <Result>(
  title: string,
  work: () => Promise<Result>,
  describe?: (result: Result) => string,
) => Promise<Result>;

export interface AuditOptions {
  readonly import: ImportOptions;
  /** Largest domain that is built, as a power of two. */
  readonly maxPower: number;
  readonly step: Step;
  /** A fresh development chain, and ModelRegistry from its sources, to verify a proof there. */
  readonly local: HardhatEthers;
  readonly registry: Promise<CompiledContract>;
  /** A deployment to compare with, and the code of all contracts from their sources. */
  readonly chain?: RecordedChain & { readonly code: Promise<FreshCode> };
}

/**
 * Makes a model's artefacts again from its ONNX file in a temporary folder and compares them with what its key folder says,
 * and with a deployment. Throws InputError on damaged files.
 */
export async function auditModel(files: ModelFiles, claims: Claims, options: AuditOptions): Promise<ModelAudit> {
  const start = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "tollgate-audit-"));
  try {
    const emitted = await options.step(
      `Reading ${files.onnxPath}`,
      () => rebuildProgram(files, options.import, options.maxPower),
      ({ modelHash }) => `Read ${files.onnxPath}: model hash ${modelHash}`,
    );
    const texts = await readTexts(claims.folder, emitted.emitted.template);
    const rebuilt = await rebuild(emitted, folder, claims, options.step);
    const rows = await compareAll(rebuilt, claims, texts, files, options);
    return {
      model: files.name,
      setup: rebuilt.lock.setup,
      network: options.chain?.name ?? null,
      keyId: rebuilt.model.keyId,
      rows,
      ok: rows.every(({ ok }) => ok),
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Compiles the circuit and deals or checks its key; the folder is empty, so nothing comes from elsewhere. */
async function rebuild(emitted: EmittedModel, folder: string, claims: Claims, step: Step): Promise<RebuiltModel> {
  const { template } = emitted.emitted;
  const compiled = await step(
    `Compiling ${template}.circom`,
    () => compileModel(emitted, folder),
    ({ circuitHash }) => `Compiled ${template}.circom: circuit hash ${circuitHash}`,
  );
  const { ptauPath } = claims;
  return ptauPath === undefined
    ? step("Dealing the key from its public seed", () => rebuildDealerKey(compiled, folder), dealt)
    : step("Checking the key", () => checkFolderKey(compiled, claims.folder, ptauPath), checked);
}

const dealt = ({ model }: RebuiltModel): string => `Dealt the key ${model.keyId} from its public seed`;
const checked = ({ model }: RebuiltModel): string => `Checked the key ${model.keyId}`;

/** Every row, in the order of the links. */
async function compareAll(
  rebuilt: RebuiltModel,
  { lock }: Claims,
  texts: Texts,
  files: ModelFiles,
  options: AuditOptions,
): Promise<AuditRow[]> {
  const { model } = rebuilt;
  const { template } = model.emitted;
  const { step, chain } = options;
  const keyRows = rebuilt.keyChecks.map((check) => rowOfCheck(check, template));
  const rows = [
    ...compareLock(rebuilt.lock, lock, template),
    ...keyRows,
    ...compareFiles(rebuilt.texts, texts, template),
  ];
  // A key that was refused may be another circuit's: there is nothing to prove with it.
  if (!keyRows.every(({ ok }) => ok)) return inOrderOfLinks(rows, template);
  const claim = await step("Proving the sample", () => proveSample(files, rebuilt));
  const said = await step("Verifying the proof on an EVM", () => verifyEverywhere(rebuilt, claim, options));
  const proven = { model, setup: rebuilt.lock.setup, claim };
  const onChain =
    chain === undefined
      ? []
      : await step(`Asking ${chain.name}`, async () => compareChain(chain, await chain.code, proven));
  return inOrderOfLinks([...rows, ...said, ...onChain], template);
}

const rowOfCheck = ({ name, ok, detail }: KeyCheck, template: string): AuditRow => ({
  link: linksOf(template).zkey,
  recomputed: "in order",
  compared: `key check: ${name}`,
  source: "setup",
  claimed: ok ? "in order" : detail,
  ok,
});

/** Shows one proof to the JavaScript verifier, to a fresh registry and to the stand-alone verifier. */
async function verifyEverywhere(
  { model, texts }: RebuiltModel,
  claim: Claim,
  { local, registry }: Pick<AuditOptions, "local" | "registry">,
): Promise<AuditRow[]> {
  const links = linksOf(model.emitted.template);
  const name = verifierName(model);
  const code = await registry;
  const verifierCode = await compileText(name, texts.get(`${name}.sol`)!);
  const inRegistry = await verifyInRegistry(local, code, model, claim);
  const standAlone = await verifyStandAlone(local, verifierCode, model, claim);
  const row = (link: string, compared: string, recomputed: string, claimed: string) =>
    compare(link, "proof", compared, { recomputed, claimed });
  return [
    row(links.verifierCode, `${name}, deployed in process`, codeHashOf(verifierCode), standAlone.codeHash),
    row(links.verifierCode, `${name}, shown a fresh proof`, VALID, standAlone.said),
    row(links.code, "ModelRegistry, deployed in process", codeHashOf(code), inRegistry.codeHash),
    row(links.proof, "JavaScript, shown a fresh proof", VALID, saidInJavaScript(model, claim)),
    row(links.proof, "ModelRegistry in process, shown a fresh proof", VALID, inRegistry.said),
  ];
}

const codeHashOf = ({ runtimeCode }: CompiledContract): string => keccak256(runtimeCode);
