import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import { toBeHex, zeroPadValue } from "ethers";
import { InputError } from "../../errors.ts";
import { CREATE_X, CREATED_TOPIC } from "../createX.ts";
import type { DeploymentRecord } from "../record.ts";
import type { JournalEntry } from "./journal.ts";
import type { DeploymentStep, Layout } from "./plan.ts";

type Provider = HardhatEthers["provider"];

/** Blocks asked for at once: what public nodes commonly allow. */
const WINDOW = 1_000;
/** Windows before giving up: two weeks of Ethereum, two days of a chain with a block every two seconds. */
const MOST_WINDOWS = 100;

/**
 * The transaction of each contract and model: from an earlier record, else from the journal, else from the events of the
 * chain. Throws InputError where none of them tells.
 */
export async function findOrigins(
  layout: Layout,
  { earlier, journal }: { earlier: DeploymentRecord | undefined; journal: ReadonlyMap<string, JournalEntry> },
  ethers: HardhatEthers,
): Promise<ReadonlyMap<string, string>> {
  const registered = (await ethers.getContractFactory("ModelRegistry")).interface.getEvent(
    "ModelRegistered",
  )!.topicHash;
  const origins = new Map<string, string>();
  for (const step of layout.steps) {
    if (step.kind === "key") continue;
    const [address, topics] =
      step.kind === "contract"
        ? [CREATE_X, [CREATED_TOPIC, zeroPadValue(layout.addresses[step.id], 32)]]
        : [layout.addresses.ModelRegistry, [registered, step.modelId]];
    const known = recordedOrigin(layout, step, earlier) ?? journal.get(step.id)?.transaction;
    origins.set(step.id, known ?? (await findEvent(ethers.provider, address, topics, step.title)));
  }
  return origins;
}

function recordedOrigin(
  { addresses }: Layout,
  step: Exclude<DeploymentStep, { kind: "key" }>,
  earlier: DeploymentRecord | undefined,
): string | undefined {
  if (earlier === undefined) return undefined;
  if (step.kind === "model") {
    return Object.values(earlier.models).find(({ modelId }) => modelId === step.modelId)?.transaction;
  }
  const { address, transaction } = earlier.contracts[step.id];
  return address === addresses[step.id] ? transaction : undefined;
}

async function findEvent(provider: Provider, address: string, topics: string[], title: string): Promise<string> {
  let last = await provider.getBlockNumber();
  for (let window = 0; window < MOST_WINDOWS && last >= 0; window++, last -= WINDOW) {
    const fromBlock = toBeHex(Math.max(0, last - WINDOW + 1));
    const [log] = await provider.getLogs({ address, topics, fromBlock, toBlock: toBeHex(last) });
    if (log !== undefined) return log.transactionHash;
  }
  throw new InputError(
    `${title}: it is on chain, but none of the last ${WINDOW * MOST_WINDOWS} blocks has its event, so its transaction is not known`,
  );
}
