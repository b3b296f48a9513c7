import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { keccak256 } from "ethers";
import { futureId, tollgateModule } from "../../../deployments/ignition/Tollgate.ts";
import { InputError } from "../../errors.ts";
import { DEVELOPMENT_CHAIN_ID } from "../../setup/dealerConstants.ts";
import { checkRecord } from "../checkRecord.ts";
import { overConnection } from "../connection.ts";
import { CREATE_X, CREATE_X_CODE_HASH } from "../createX.ts";
import { recordContracts, refuseDealerKeyOffDevelopment, type DeployedName } from "../deploy.ts";
import type { Chain } from "../localChain.ts";
import { findRecord, recordPath, type ContractName, type DeploymentRecord, type ModelRecord } from "../record.ts";
import { forgetJournal, mendJournal, readJournal } from "./journal.ts";
import { findOrigins } from "./origins.ts";
import { layOutDeployment, presentSteps, type DeploymentPlan, type DeploymentStep, type Layout } from "./plan.ts";
import { chainIdOfCode, requirePrecompiles } from "./precompiles.ts";
import { rehearse, type Rehearsal } from "./rehearse.ts";
import { compiledArtifacts, runIgnition } from "./runIgnition.ts";

/** A deployment that has passed every check but was not sent. */
export interface PreparedDeployment {
  readonly plan: DeploymentPlan;
  readonly layout: Layout;
  readonly rehearsal: Rehearsal;
  readonly chainId: bigint;
  readonly sender: string;
  /** The network's record, of the same contracts, where something was deployed before. */
  readonly earlier: DeploymentRecord | undefined;
}

export interface SendOptions {
  /** Folder that holds the journals of deployments. */
  readonly journals: string;
  /** Commit of the sources, null where files differ from it. */
  readonly commit: string | null;
  /** Told a step when its transaction is confirmed, or found to be on chain already. */
  readonly onDone: (step: DeploymentStep) => void;
}

/** Confirmations that Ignition waits for where transactions are not mined at once. */
const CONFIRMATIONS = 5;
/** Milliseconds between looks for a new block, where every transaction makes one and elsewhere. */
const POLLING = { development: 25, public: 1_000 } as const;
/** Milliseconds to wait for transactions that an earlier run left in flight. */
const PATIENCE = 300_000;

/**
 * Checks a chain and a plan against each other and rehearses the deployment inside this process. Throws InputError before
 * anything is sent: for a node that does not tell the truth about its chain, precompiles that are not Ethereum's, a chain
 * without the factory, a dealer's key off chain 31337, or a record of other contracts.
 */
export const prepareDeployment = (
  chain: Chain,
  plan: DeploymentPlan,
  earlier: DeploymentRecord | undefined,
): Promise<PreparedDeployment> => overConnection(chain.name, "nothing was sent", () => prepare(chain, plan, earlier));

async function prepare(
  chain: Chain,
  plan: DeploymentPlan,
  earlier: DeploymentRecord | undefined,
): Promise<PreparedDeployment> {
  const chainId = await requireTruthfulChainId(chain);
  Object.values(plan.models).forEach(({ model }) => refuseDealerKeyOffDevelopment(model, chainId));
  await requirePrecompiles(chain.rpc, chain.name);
  const factoryCode = await requireFactory(chain, chainId);
  const [signer] = await chain.ethers.getSigners();
  if (signer === undefined) throw new InputError(`network ${chain.name}: has no account to deploy from`);
  const sender = signer.address;
  const layout = await layOutDeployment(plan, chain.ethers, { sender, chainId });
  const kept = await keepRecord(chain, earlier, layout, chainId);
  const rehearsal = await rehearse(layout, { chainId, sender, factoryCode });
  return { plan, layout, rehearsal, chainId, sender, earlier: kept };
}

async function requireTruthfulChainId({ name, ethers, rpc }: Chain): Promise<bigint> {
  const { chainId } = await ethers.provider.getNetwork();
  const seen = await chainIdOfCode(rpc);
  if (seen === chainId) return chainId;
  throw new InputError(`network ${name}: the node says chain ${chainId}, contracts there see chain ${seen}`);
}

/** The factory's code; none on a development chain that has not got it yet, where Ignition puts it. */
async function requireFactory({ name, ethers }: Chain, chainId: bigint): Promise<string> {
  const code = await ethers.provider.getCode(CREATE_X);
  if (keccak256(code) === CREATE_X_CODE_HASH) return code;
  if (code === "0x" && chainId === DEVELOPMENT_CHAIN_ID) return code;
  const found = code === "0x" ? "no code" : "other code";
  throw new InputError(
    `network ${name}: ${found} at ${CREATE_X}, want the factory CreateX: github.com/pcaversaccio/createx`,
  );
}

/** The network's record, where there is one; a development chain's may be of an older form, and is then none. */
export async function findEarlier({ name }: Chain, chainId: bigint): Promise<DeploymentRecord | undefined> {
  try {
    return await findRecord(name, Number(chainId));
  } catch (error) {
    if (chainId === DEVELOPMENT_CHAIN_ID && error instanceof InputError) return undefined;
    throw error;
  }
}

/**
 * The record where it is of these contracts and agrees with the chain, but for models that were deprecated or stopped since. A
 * development chain's may be of a chain that is gone, and is then none; another's is never lost.
 */
async function keepRecord(
  { name, ethers }: Chain,
  earlier: DeploymentRecord | undefined,
  { addresses }: Layout,
  chainId: bigint,
): Promise<DeploymentRecord | undefined> {
  if (earlier === undefined) return undefined;
  const names = Object.keys(addresses) as ContractName[];
  const other = names.find((contract) => earlier.contracts[contract].address !== addresses[contract]);
  const checks = other === undefined ? await checkRecord(earlier, ethers) : [];
  const wrong = checks.find((check) => !check.ok && !check.name.endsWith(".status"));
  if (other === undefined && wrong === undefined) return earlier;
  if (chainId === DEVELOPMENT_CHAIN_ID) return undefined;
  const path = recordPath(name, Number(chainId));
  if (wrong !== undefined) throw new InputError(`${path}: ${wrong.name}: ${wrong.detail}`);
  throw new InputError(
    `${path}: records ${other} ${earlier.contracts[other!].address}, these terms and sources give ${addresses[other!]}; ` +
      `give the terms of the record, or move the file away to deploy anew`,
  );
}

/** The steps that are not done yet, in order. */
export async function stepsToSend({ layout }: PreparedDeployment, { ethers }: Chain): Promise<DeploymentStep[]> {
  const present = await presentSteps(layout, ethers);
  return layout.steps.filter(({ id }) => !present.has(id));
}

/**
 * Sends what is missing, waits for it, and describes the deployment. A run that was dropped is taken up from its journal, or
 * from what the chain shows: nothing is sent twice. Throws InputError where the chain then does not hold what was rehearsed.
 */
export const sendDeployment = (
  chain: Chain,
  prepared: PreparedDeployment,
  options: SendOptions,
): Promise<DeploymentRecord> =>
  overConnection(chain.name, "run the same command again, it goes on where it stopped", () =>
    send(chain, prepared, options),
  );

async function send(
  chain: Chain,
  prepared: PreparedDeployment,
  { journals, commit, onDone }: SendOptions,
): Promise<DeploymentRecord> {
  const { layout, chainId, sender } = prepared;
  const development = chainId === DEVELOPMENT_CHAIN_ID;
  const folder = join(journals, journalName(chain.name, prepared));
  await waitForQuiet(chain, sender, development ? 1 : CONFIRMATIONS);
  await mendJournal(folder, await compiledArtifacts());
  const found = await agree(folder, layout, chain, development);
  const titles = new Map(layout.steps.map((step) => [futureId(step.id), step]));
  layout.steps.filter(({ id }) => found.done.has(id)).forEach(onDone);
  await runIgnition({
    module: tollgateModule(layout, found.elsewhere),
    provider: chain.rpc,
    sender,
    folder,
    pollingInterval: development ? POLLING.development : POLLING.public,
    onConfirmed: (future) => onDone(titles.get(future)!),
  });
  await requireRehearsed(chain, prepared);
  const record = await describe(chain, prepared, folder, commit);
  const differing = (await checkRecord(record, chain.ethers)).find(({ ok }) => !ok);
  if (differing === undefined) return record;
  throw new InputError(`network ${chain.name}: after the deployment ${differing.name}: ${differing.detail}`);
}

/** One journal for each sender and set of contracts on a network; models join the journal of their contracts. */
function journalName(network: string, { chainId, sender, layout }: PreparedDeployment): string {
  const identity = [sender, ...Object.values(layout.addresses)].join();
  return `${network}-${chainId}-${createHash("sha256").update(identity).digest("hex").slice(0, 16)}`;
}

/** Waits until no transaction of the sender is in flight, so that the chain shows what earlier runs did. */
async function waitForQuiet({ name, ethers }: Chain, sender: string, confirmations: number): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const height = await ethers.provider.getBlockNumber();
    const settled = await ethers.provider.getTransactionCount(sender, Math.max(0, height - confirmations + 1));
    const pending = await ethers.provider.getTransactionCount(sender, "pending");
    if (settled === pending) return;
    if (Date.now() > deadline) {
      throw new InputError(
        `network ${name}: ${pending - settled} transactions of ${sender} have not got ${confirmations} confirmations; run again when they have`,
      );
    }
    await setTimeout(POLLING.public);
  }
}

/**
 * What is done, by journal or chain, and what of it the journal knows nothing of. A journal that tells of what the
 * chain does not hold is of another chain: a development chain's is forgotten.
 */
async function agree(
  folder: string,
  layout: Layout,
  { name, ethers }: Chain,
  development: boolean,
): Promise<{ done: ReadonlySet<string>; elsewhere: ReadonlySet<string> }> {
  const present = await presentSteps(layout, ethers);
  let journal = await readJournal(folder);
  const missing = layout.steps.find(({ id }) => journal.get(id)?.done === true && !present.has(id));
  if (missing !== undefined) {
    if (!development) {
      throw new InputError(
        `network ${name}: ${missing.title} was deployed by an earlier run and the node does not show it`,
      );
    }
    await forgetJournal(folder);
    journal = new Map();
  }
  const elsewhere = new Set([...present].filter((id) => !journal.has(id)));
  const done = new Set(layout.steps.filter(({ id }) => elsewhere.has(id) || journal.get(id)?.done).map(({ id }) => id));
  return { done, elsewhere };
}

/** The code at each address must be what the rehearsal left at it: a node's success is not believed. */
async function requireRehearsed({ name, ethers }: Chain, { layout, rehearsal }: PreparedDeployment): Promise<void> {
  for (const [contract, wanted] of Object.entries(rehearsal.codeHashes) as [ContractName, string][]) {
    const address = layout.addresses[contract];
    const code = await ethers.provider.getCode(address);
    if (keccak256(code) === wanted) continue;
    const found = code === "0x" ? "no code" : `code with hash ${keccak256(code)}`;
    throw new InputError(`network ${name}: ${found} at ${address} after the deployment, want ${contract} ${wanted}`);
  }
}

async function describe(
  { name, ethers }: Chain,
  { plan, layout, chainId, sender, earlier }: PreparedDeployment,
  folder: string,
  commit: string | null,
): Promise<DeploymentRecord> {
  const journal = await readJournal(folder);
  const origins = await findOrigins(layout, layout.steps, { earlier, journal }, ethers);
  const transactions = Object.fromEntries(origins) as Record<DeployedName, string>;
  const contracts = await recordContracts(ethers.provider, layout.addresses, plan.terms, transactions);
  const models: Record<string, ModelRecord> = { ...earlier?.models };
  const registry = await ethers.getContractAt("ModelRegistry", layout.addresses.ModelRegistry);
  for (const [modelName, planned] of Object.entries(plan.models)) {
    const step = layout.steps.find((candidate) => candidate.kind === "model" && candidate.planned === planned);
    if (step?.kind !== "model") throw new Error(`${modelName} has no step`);
    const { model, uri, royaltyBps, royaltyTo, setup, knownGoodProof } = planned;
    const { keyId, wordCount, modelHash, circuitHash } = model;
    const terms = { uri, royaltyBps, royaltyTo, setup, status: "live" as const };
    const transaction = origins.get(step.id)!;
    const hashes = { keyId, wordCount, modelHash, circuitHash };
    models[modelName] = { modelId: step.modelId, owner: sender, ...hashes, ...terms, transaction, knownGoodProof };
  }
  for (const [modelName, model] of Object.entries(models)) {
    models[modelName] = { ...model, status: await statusOf(registry, model) };
  }
  return {
    network: name,
    chainId: Number(chainId),
    commit: earlier?.commit ?? commit,
    contracts,
    models,
  };

  async function statusOf(asked: typeof registry, { modelId, keyId }: ModelRecord): Promise<ModelRecord["status"]> {
    if (await asked.isStopped(keyId)) return "stopped";
    return (await asked.termsOf(modelId)).deprecated ? "deprecated" : "live";
  }
}
