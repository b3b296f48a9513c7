import { Command, InvalidArgumentError } from "commander";
import { formatEther, getAddress, isAddress } from "ethers";
import { buildContracts } from "../src/chain/buildContracts.ts";
import type { PaymentTerms } from "../src/chain/deploy.ts";
import { deployPoseidons } from "../src/chain/deployPoseidon.ts";
import { writeExplorerInputs } from "../src/chain/deployment/explorerInput.ts";
import {
  findEarlier,
  prepareDeployment,
  sendDeployment,
  stepsToSend,
} from "../src/chain/deployment/deployToNetwork.ts";
import { costOf, requireFunds, type DeploymentCost } from "../src/chain/deployment/cost.ts";
import type { DeploymentStep } from "../src/chain/deployment/plan.ts";
import { connectChain, type Chain } from "../src/chain/localChain.ts";
import { recordPath, writeRecord } from "../src/chain/record.ts";
import { InputError } from "../src/errors.ts";
import { projectPath } from "../src/paths.ts";
import { DEVELOPMENT_CHAIN_ID } from "../src/setup/dealerConstants.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { showSteps } from "./terminal/deployProgress.ts";
import { cleanCommit } from "./terminal/gitCommit.ts";
import { planModels, requireKeys, type ModelPlanOptions } from "./terminal/planModels.ts";
import { step } from "./terminal/progress.ts";
import { formatInteger, formatTable } from "./terminal/table.ts";

interface Options extends ModelPlanOptions {
  readonly network: string;
  readonly tollBps: number;
  readonly tollCollector?: string;
  readonly orderLife: number;
  readonly poseidon?: boolean;
  readonly explorerInput?: string;
  readonly dryRun?: boolean;
}

export const deployCommand = (): Command =>
  new Command("deploy")
    .description(
      "deploy registries, escrow and prepaid orders, publish keys, register models, write the deployment record",
    )
    .requiredOption("--network <name>", "network of hardhat.config.ts, for example localhost")
    .option("--model <name...>", "models to register", ["digits-mlp"])
    .option("--no-model", "deploy the contracts only")
    .option(
      "--key <name=folder>",
      "key folder of a model instead of the development key; can be repeated",
      addKey,
      new Map(),
    )
    .option("--ptau <file>", "powers-of-tau file that the keys were made from")
    .option("--accept-ptau", "take powers of tau that nobody published")
    .option("--toll-bps <points>", "toll of every settled amount in basis points, 0 to 100", parseTollBps, 0)
    .option(
      "--toll-collector <address>",
      "who is credited with tolls (chain 31337: the deployer unless given)",
      parseAddress,
    )
    .option("--order-life <seconds>", "longest life of a prepaid order, 600 to 2592000", parseOrderLife, 86_400)
    .option("--poseidon", "also put the hash contracts there that consumers' input commitments call")
    .option("--explorer-input <folder>", "write what block explorers ask for to verify the sources")
    .option("--dry-run", "predict addresses, gas and fee; send and write nothing")
    .action(deploy);

async function deploy(options: Options): Promise<void> {
  const chain = await connectChain(options.network);
  try {
    const settled = await requireSettled(chain, options);
    await step("Compiling the contracts", buildContracts, () => "Compiled the contracts");
    await deployOn(chain, settled, options);
  } finally {
    await chain.close();
  }
}

async function deployOn(chain: Chain, { chainId, commit, terms }: Settled, options: Options): Promise<void> {
  const earlier = await findEarlier(chain, chainId);
  const models = await planModels(options);
  const prepared = await step(
    "Checking the chain and rehearsing",
    () => prepareDeployment(chain, { terms, models }, earlier),
    () => "Checked the chain and rehearsed",
  );
  const missing = await stepsToSend(prepared, chain);
  const cost = await costOf(prepared, missing, chain);
  console.log(describeCost(cost, prepared.layout.steps));
  for (const [name, address] of Object.entries(prepared.layout.addresses)) console.log(`  ${name} ${address}`);
  await requireFunds(prepared, cost, chain);
  if (options.dryRun === true) return;
  const record = await showSteps(prepared.layout.steps, (onDone) =>
    sendDeployment(chain, prepared, { journals: projectPath("build/ignition"), commit, onDone }),
  );
  if (options.poseidon === true)
    await step(
      "Placing Poseidon",
      () => deployPoseidons(chain),
      () => "Placed Poseidon",
    );
  const path = recordPath(chain.name, record.chainId);
  await writeRecord(path, record);
  console.log(`  Deployment record: ${path}`);
  if (options.explorerInput !== undefined) await writeExplorerInputs(record, callerPath(options.explorerInput));
}

/** What is decided before anything is built. */
interface Settled {
  readonly chainId: bigint;
  readonly commit: string | null;
  readonly terms: PaymentTerms;
}

async function requireSettled(chain: Chain, options: Options): Promise<Settled> {
  if (chain.connection.networkConfig.type !== "http") {
    throw new InputError(`network ${chain.name}: lives in this process only, want one with a url, such as localhost`);
  }
  const { chainId } = await chain.ethers.provider.getNetwork();
  requireKeys(options, chainId);
  const commit = cleanCommit();
  const isPublic = chainId !== DEVELOPMENT_CHAIN_ID;
  if (isPublic && options.tollCollector === undefined) {
    throw new InputError(
      `chain ${chainId}: give --toll-collector ADDRESS; the same on every chain gives the same addresses`,
    );
  }
  if (isPublic && commit === null && options.dryRun !== true) {
    throw new InputError(
      `chain ${chainId}: files differ from the last commit, so a record could not name its sources; commit them`,
    );
  }
  const { tollBps, tollCollector = (await chain.ethers.getSigners())[0].address, orderLife } = options;
  return { chainId, commit, terms: { tollBps, tollCollector, orderLife } };
}

function describeCost({ steps, gas, baseFee, fee }: DeploymentCost, all: readonly DeploymentStep[]): string {
  const rows = steps.map(({ step: { title }, gas: own }) => [title, formatInteger(own)]);
  const total = `${all.length - steps.length} of ${all.length} transactions are on chain already`;
  const price = `${formatInteger(gas)} gas, ${formatEther(fee)} ether at the base fee of ${formatInteger(baseFee)} wei`;
  return rows.length === 0
    ? `  ${total}`
    : `${formatTable([["transaction", "gas"], ...rows])}\n  ${total}; to send: ${price}`;
}

function parseTollBps(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 100) return Number(text);
  throw new InvalidArgumentError("want 0 to 100.");
}

function parseOrderLife(text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 600 && Number(text) <= 2_592_000) return Number(text);
  throw new InvalidArgumentError("want 600 to 2592000 seconds.");
}

function parseAddress(text: string): string {
  if (isAddress(text) && BigInt(text) !== 0n) return getAddress(text);
  throw new InvalidArgumentError("want an address that is not zero.");
}

function addKey(text: string, keys: ReadonlyMap<string, string>): Map<string, string> {
  const [name, folder, ...rest] = text.split("=");
  if (name === "" || !folder || rest.length > 0)
    throw new InvalidArgumentError("want a model and a folder, NAME=FOLDER.");
  return new Map([...keys, [name, folder]]);
}
