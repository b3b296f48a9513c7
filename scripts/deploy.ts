import { Command } from "commander";
import { buildContracts } from "../src/chain/buildContracts.ts";
import { deployPoseidons, planPoseidons } from "../src/chain/deployPoseidon.ts";
import { costOf, requireFunds } from "../src/chain/deployment/cost.ts";
import { findEarlier, prepareDeployment, stepsToSend } from "../src/chain/deployment/prepare.ts";
import { sendDeployment } from "../src/chain/deployment/send.ts";
import { writeExplorerInputs } from "../src/chain/deployment/explorerInput.ts";
import { connectChain, type Chain } from "../src/chain/localChain.ts";
import { recordPath, writeRecord } from "../src/chain/record.ts";
import { projectPath } from "../src/paths.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { requireSettled, withDeployOptions, type DeployOptions, type Settled } from "./terminal/deployOptions.ts";
import { showSteps } from "./terminal/deployProgress.ts";
import { describeDeployment } from "./terminal/describeDeployment.ts";
import { cleanCommit } from "./terminal/gitCommit.ts";
import { planModels } from "./terminal/planModels.ts";
import { step } from "./terminal/progress.ts";

export const deployCommand = (): Command =>
  withDeployOptions(
    new Command("deploy").description(
      "deploy registries, escrow and prepaid orders, publish keys, register models, write the deployment record",
    ),
  ).action(async (options: DeployOptions) => {
    const chain = await connectChain(options.network);
    const settled = await requireSettled(chain, options, cleanCommit());
    await step("Compiling the contracts", buildContracts, () => "Compiled the contracts");
    await deployOn(chain, settled, options);
  });

async function deployOn(chain: Chain, { chainId, commit, terms }: Settled, options: DeployOptions): Promise<void> {
  const poseidons = options.poseidon === true ? await planPoseidons(chain) : undefined;
  const earlier = await findEarlier(chain, chainId);
  const models = await planModels(options);
  const prepared = await step(
    "Checking the chain and rehearsing",
    () => prepareDeployment(chain, { terms, models }, earlier),
    () => "Checked the chain and rehearsed",
  );
  const cost = await costOf(prepared, await stepsToSend(prepared, chain), chain);
  console.log(describeDeployment(prepared.layout, cost, poseidons));
  await requireFunds(prepared, cost, chain);
  if (options.dryRun === true) return;
  const record = await showSteps(prepared.layout.steps, (onDone) =>
    sendDeployment(chain, prepared, { journals: projectPath("build/ignition/deployments"), commit, onDone }),
  );
  const path = recordPath(chain.name, record.chainId);
  await writeRecord(path, record);
  console.log(`  Deployment record: ${path}`);
  if (poseidons !== undefined) {
    const title = "the Poseidon contracts";
    await step(
      `Placing ${title}`,
      () => deployPoseidons(chain, poseidons),
      () => `Placed ${title}`,
    );
  }
  if (options.explorerInput !== undefined) await writeExplorerInputs(record, callerPath(options.explorerInput));
}
