import { AUDIT_SCHEMA } from "../audit/auditReport.ts";
import { renderPoseidonConstants } from "../circom/poseidonConstants.ts";
import { DEPLOYMENT_SCHEMA } from "../chain/record.ts";
import { renderDealerConstants } from "../setup/dealerConstants.ts";
import type { IntegerGraph } from "../ir/integerGraph.ts";
import type { EmittedModel } from "../model/compileModel.ts";
import type { SetUpModel } from "../model/setupModel.ts";
import { keyTexts, verifierName, verifierText } from "../model/writeArtefacts.ts";

/** Generated files that do not depend on a model, by path from the project's top. */
export const sharedFiles = (): Map<string, string> =>
  new Map([
    ...renderPoseidonConstants(),
    ["contracts/generated/DealerConstants.sol", renderDealerConstants()],
    ["deployments/schema.json", `${JSON.stringify(DEPLOYMENT_SCHEMA, null, 2)}\n`],
    ["docs/audit.schema.json", `${JSON.stringify(AUDIT_SCHEMA, null, 2)}\n`],
  ]);

/** Generated files of a shipped model that need no compiler: its graph and its circuit. */
export function circuitFilesOf({ graph, graphJson, emitted }: EmittedModel): Map<string, string> {
  const folder = folderOf(graph);
  return new Map([
    [`${folder}/graph.json`, graphJson],
    [`${folder}/${emitted.template}.circom`, emitted.source],
  ]);
}

/** Generated files of a shipped model's key: vkey.json and lock.json. */
export async function keyFilesOf(model: SetUpModel): Promise<Map<string, string>> {
  const texts = Object.entries(await keyTexts(model));
  return new Map(texts.map(([name, text]) => [`${folderOf(model.graph)}/dealer/${name}`, text]));
}

/** The stand-alone verifier of a model's key. */
export const verifierFileOf = (model: SetUpModel): Map<string, string> =>
  new Map([[`contracts/generated/${verifierName(model)}.sol`, verifierText(model)]]);

const folderOf = ({ name }: IntegerGraph): string => `circuits/generated/${name}`;
