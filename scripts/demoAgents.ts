import { Command } from "commander";
import { buildContracts } from "../src/chain/buildContracts.ts";
import { tellAgentsStory } from "../src/demo/agents/story.ts";
import { openTradingPlace } from "../src/demo/agents/tradingPlace.ts";
import { writeJson } from "../src/jsonFile.ts";
import type { SetUpModel } from "../src/model/setupModel.ts";
import { workPath } from "../src/paths.ts";
import { buildKey, CACHE_ROOT } from "./terminal/buildModel.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { SHIPPED } from "./terminal/modelOptions.ts";
import { terminalNarrator as narrator } from "./terminal/terminalNarrator.ts";

const MODELS = ["digits-mlp", "credit-gbdt", "volatility-mlp"];
/** Journals, inputs and the deployment record of the last story. */
const FOLDER = workPath("build/demo-agents");

export const demoAgentsCommand = (): Command =>
  new Command("agents")
    .description(
      "a provider and two buyers trade as separate processes; the provider is killed mid-proof, another cheats",
    )
    .option("--json <file>", "write who paid what for which proof here")
    .action(demoAgents);

async function demoAgents({ json }: { json?: string }): Promise<void> {
  narrator.chapter("1. Three models, a chain, the contracts");
  const models: Record<string, SetUpModel> = {};
  for (const name of MODELS) models[name] = (await buildKey(name, SHIPPED)).model;
  await narrator.step("Compiling the contracts", buildContracts, () => "Compiled the contracts");
  const place = await narrator.step(
    "Deploying",
    () => openTradingPlace(models, `${FOLDER}.json`, CACHE_ROOT),
    ({ url }) => `Deployed on a chain of its own process at ${url}`,
  );
  try {
    const story = await tellAgentsStory({ place, narrator, folder: FOLDER });
    if (json !== undefined) await writeJson(callerPath(json), story);
  } finally {
    place.close();
  }
}
