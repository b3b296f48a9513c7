import { renderPoseidonConstants } from "../circom/poseidonConstants.ts";
import { DEPLOYMENT_SCHEMA } from "../chain/record.ts";
import { renderDealerConstants } from "../setup/dealerConstants.ts";
import type { SetUpModel } from "../model/setupModel.ts";
import { keyTexts, verifierName, verifierText } from "../model/writeArtefacts.ts";

/** Generated files that do not depend on a model, by path from the project's top. */
export const sharedFiles = (): Map<string, string> =>
  new Map([
    ...renderPoseidonConstants(),
    ["contracts/generated/DealerConstants.sol", renderDealerConstants()],
    ["deployments/schema.json", `${JSON.stringify(DEPLOYMENT_SCHEMA, null, 2)}\n`],
  ]);

/** Generated files of a shipped model: its graph, circuit, key and verifier. */
export async function modelFilesOf(model: SetUpModel): Promise<Map<string, string>> {
  const folder = `circuits/generated/${model.graph.name}`;
  const keys = Object.entries(await keyTexts(model));
  return new Map([
    [`${folder}/graph.json`, model.graphJson],
    [`${folder}/${model.emitted.template}.circom`, model.emitted.source],
    ...keys.map(([name, text]): [string, string] => [`${folder}/dealer/${name}`, text]),
    [`contracts/generated/${verifierName(model)}.sol`, verifierText(model)],
  ]);
}
