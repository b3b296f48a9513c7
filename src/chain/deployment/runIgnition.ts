import type { EIP1193Provider } from "@nomicfoundation/ignition-core";
import {
  deploy,
  DeploymentResultType,
  ExecutionEventType,
  type Artifact,
  type ArtifactResolver,
  type DeploymentResult,
  type ExecutionEventListener,
  type IgnitionModule,
} from "@nomicfoundation/ignition-core";
import { DEPLOYMENT_SALT } from "../createX.ts";

export interface IgnitionRun {
  readonly module: IgnitionModule;
  readonly provider: EIP1193Provider;
  readonly sender: string;
  /** Where the journal is kept; without it nothing is. */
  readonly folder: string | undefined;
  /** Milliseconds between looks for a new block. */
  readonly pollingInterval: number;
  /** Told the future and the transaction when one is mined and confirmed. */
  readonly onConfirmed: (futureId: string, transaction: string) => void;
}

/** Deploys a module through CreateX. Throws an Error naming the step that failed and why. */
export async function runIgnition(run: IgnitionRun): Promise<void> {
  const result = await deploy({
    artifactResolver: await compiledArtifacts(),
    provider: run.provider,
    executionEventListener: listener(run.onConfirmed),
    deploymentDir: run.folder,
    ignitionModule: run.module,
    deploymentParameters: {},
    accounts: [run.sender],
    defaultSender: run.sender,
    strategy: "create2",
    strategyConfig: { salt: DEPLOYMENT_SALT },
    config: { blockPollingInterval: run.pollingInterval },
  });
  if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) throw new Error(describeFailure(result));
}

/** The contracts as Hardhat compiled them. */
export async function compiledArtifacts(): Promise<ArtifactResolver> {
  const { artifacts } = (await import("hardhat")).default;
  return {
    loadArtifact: async (name) => (await artifacts.readArtifact(name)) as unknown as Artifact,
    // Kept by Hardhat already; a copy in every journal would be of no use.
    getBuildInfo: async () => undefined,
  };
}

/** Ignition calls a method for every kind of event. */
function listener(onConfirmed: IgnitionRun["onConfirmed"]): ExecutionEventListener {
  const methods = Object.values(ExecutionEventType).map((type) => [camelCase(type), async () => {}]);
  const silent = Object.fromEntries(methods) as ExecutionEventListener;
  return { ...silent, transactionConfirm: async ({ futureId, hash }) => onConfirmed(futureId, hash) };
}

const camelCase = (type: string): string =>
  type.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

function describeFailure(
  result: Exclude<DeploymentResult, { type: DeploymentResultType.SUCCESSFUL_DEPLOYMENT }>,
): string {
  if (result.type === DeploymentResultType.EXECUTION_ERROR) {
    const failed = result.failed.map(({ futureId, error }) => `${futureId}: ${error}`);
    const late = result.timedOut.map(({ futureId }) => `${futureId}: not mined in time`);
    return [...failed, ...late].join("; ");
  }
  return Object.entries(result.errors)
    .map(([futureId, errors]) => `${futureId}: ${errors.join(", ")}`)
    .join("; ");
}
