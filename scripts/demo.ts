import { Command } from "commander";
import { buildContracts } from "../src/chain/buildContracts.ts";
import { connectChain } from "../src/chain/localChain.ts";
import { saveRecord } from "../src/chain/deploy.ts";
import { proveKnownGood } from "../src/chain/knownGood.ts";
import { readDigits } from "../src/demo/digits.ts";
import { openMarket } from "../src/demo/market.ts";
import { tellStory } from "../src/demo/story.ts";
import type { DemoReport } from "../src/demo/report.ts";
import { createProver } from "../src/groth16/prover.ts";
import { writeJson } from "../src/jsonFile.ts";
import { IS_PACKAGE } from "../src/paths.ts";
import { DEVELOPMENT_CHAIN_ID } from "../src/setup/dealerConstants.ts";
import { setupKindOf } from "../src/setup/setupKindOf.ts";
import { demoAgentsCommand } from "./demoAgents.ts";
import { buildKey } from "./terminal/buildModel.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { describeCosts } from "./terminal/costTable.ts";
import { gitCommit } from "./terminal/gitCommit.ts";
import { parsePositive, SHIPPED } from "./terminal/modelOptions.ts";
import { terminalNarrator as narrator } from "./terminal/terminalNarrator.ts";

const MODEL = "digits-mlp";

export function demoCommand(): Command {
  const command = new Command("demo")
    .description("an agent buys a digit's label and pays only against a proof; cheats are refused")
    .option("--digit <number>", "which held-out digit to buy, counted from 1", parsePositive, 4)
    .option("--json <file>", "write the figures here")
    .action(demo);
  // Its agents run `serve` and `buy`, which the package leaves to its users' own code.
  return IS_PACKAGE ? command : command.enablePositionalOptions().addCommand(demoAgentsCommand());
}

async function demo(options: { digit: number; json?: string }): Promise<void> {
  narrator.chapter("1. The model, its circuit, its key");
  const { digit, other } = await readDigits(MODEL, options.digit);
  const { files, model, seconds, cached } = await buildKey(MODEL, SHIPPED);
  console.log(`  ${files.config?.title}, model hash ${model.modelHash.slice(0, 18)}…, predicted costs:`);
  console.log(describeCosts(model.emitted));
  await narrator.step("Compiling the contracts", buildContracts, () => "Compiled the contracts");

  const chain = await connectChain();
  const market = await narrator.step(
    "Deploying",
    () => openMarket(chain, model),
    ({ tollgate }) => `Deployed registries and escrow (${String(tollgate.escrow.target)}), registered the model`,
  );
  const prover = await narrator.step(
    "Loading the prover",
    () => createProver({ ...model.circuit, zkeyPath: model.zkeyPath }),
    () => "Loaded the prover",
  );
  const network = { name: "demo", chainId: Number(DEVELOPMENT_CHAIN_ID), commit: gitCommit() };
  const registered = {
    ...market.registration,
    setup: setupKindOf(model.vkey),
    knownGoodProof: await proveKnownGood(prover, model),
  };
  const record = await saveRecord(market.tollgate, market.terms, network, { [MODEL]: registered });
  console.log(`  Deployment record: ${record}`);

  const result = await tellStory({ market, prover, narrator }, digit, other);
  await prover.close();
  const { proveSeconds, ...told } = result;
  const report: DemoReport = {
    model: MODEL,
    expectedLabel: digit.truth,
    constraints: model.circuit.constraints,
    seconds: { ...seconds, prove: proveSeconds },
    cached,
    ...told,
  };
  if (options.json !== undefined) await writeJson(callerPath(options.json), report);
  if (told.cheats.some(({ refused }) => !refused)) throw new Error("a cheat was paid");
}
