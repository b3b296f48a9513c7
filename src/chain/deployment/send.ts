import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { keccak256 } from "ethers";
import { futureId, tollgateModule } from "../../../deployments/ignition/Tollgate.ts";
import { InputError } from "../../errors.ts";
import { DEVELOPMENT_CHAIN_ID } from "../../setup/dealerConstants.ts";
import { checkRecord } from "../checkRecord.ts";
import { overConnection } from "../connection.ts";
import type { Chain } from "../localChain.ts";
import type { ContractName, DeploymentRecord } from "../record.ts";
import { forgetJournal, mendJournal, readJournal } from "./journal.ts";
import { presentSteps, type DeploymentStep, type Layout } from "./plan.ts";
import type { PreparedDeployment } from "./prepare.ts";
import { recordDeployment } from "./recordDeployment.ts";
import { compiledArtifacts, runIgnition } from "./runIgnition.ts";

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
  const record = await recordDeployment(chain, prepared, await readJournal(folder), commit);
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
