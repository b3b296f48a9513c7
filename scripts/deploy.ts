import { Command, InvalidArgumentError } from "commander";
import { ZeroAddress, isAddress } from "ethers";
import { deployTollgate, refuseDealerKeyOffDevelopment, registerModel, saveRecord } from "../src/chain/deploy.ts";
import { buildContracts } from "../src/chain/buildContracts.ts";
import { InputError } from "../src/errors.ts";
import { findKnownGood } from "../src/chain/knownGood.ts";
import { connectChain } from "../src/chain/localChain.ts";
import type { ModelRecord } from "../src/chain/record.ts";
import { SHIPPED } from "./terminal/modelOptions.ts";
import { buildKey, CACHE_ROOT } from "./terminal/buildModel.ts";
import { gitCommit } from "./terminal/gitCommit.ts";
import { step } from "./terminal/progress.ts";

interface Options {
  readonly network: string;
  readonly model: string[];
  readonly tollBps: number;
  readonly tollCollector?: string;
  readonly orderLife: number;
}

export const deployCommand = (): Command =>
  new Command("deploy")
    .description(
      "deploy registries, escrow and prepaid orders, register models with development keys, write the deployment record",
    )
    .requiredOption("--network <name>", "network of hardhat.config.ts, for example localhost")
    .option("--model <name...>", "models to register", ["digits-mlp"])
    .option("--toll-bps <points>", "toll of every settled amount in basis points, 0 to 100", parseTollBps, 0)
    .option("--toll-collector <address>", "who is credited with tolls (default: the deployer)", parseAddress)
    .option("--order-life <seconds>", "longest life of a prepaid order, 600 to 2592000", parseOrderLife, 86_400)
    .action(deploy);

async function deploy(options: Options): Promise<void> {
  await step("Compiling the contracts", buildContracts, () => "Compiled the contracts");
  const chain = await connectChain(options.network);
  if (chain.connection.networkConfig.type !== "http") {
    throw new InputError(`network ${chain.name}: lives in this process only, want one with a url, such as localhost`);
  }
  const { chainId } = await chain.ethers.provider.getNetwork();
  const [deployer] = await chain.ethers.getSigners();
  const built = [];
  for (const name of options.model) built.push((await buildKey(name, SHIPPED)).model);
  built.forEach((model) => refuseDealerKeyOffDevelopment(model, chainId));

  const { tollBps, tollCollector = deployer.address, orderLife } = options;
  const terms = { tollBps, tollCollector, orderLife };
  const tollgate = await step(
    "Deploying",
    () => deployTollgate(chain.ethers, deployer, terms),
    () => "Deployed",
  );
  const models: Record<string, ModelRecord> = {};
  for (const model of built) {
    const royalty = { royaltyBps: 0, royaltyTo: ZeroAddress };
    const registration = await registerModel(tollgate.registry, deployer, model, "", royalty);
    const knownGoodProof = await findKnownGood(model, model.zkeyPath, CACHE_ROOT);
    models[model.graph.name] = { ...registration, knownGoodProof };
  }
  const network = { name: chain.name, chainId: Number(chainId), commit: gitCommit() };
  for (const [name, { target }] of Object.entries(tollgate)) console.log(`  ${name} ${String(target)}`);
  console.log(`  Deployment record: ${await saveRecord(tollgate, terms, network, models)}`);
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
  if (isAddress(text) && BigInt(text) !== 0n) return text;
  throw new InvalidArgumentError("want an address that is not zero.");
}
