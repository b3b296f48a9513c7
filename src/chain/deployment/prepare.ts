import { keccak256 } from "ethers";
import { InputError } from "../../errors.ts";
import { DEVELOPMENT_CHAIN_ID } from "../../setup/dealerConstants.ts";
import { checkRecord } from "../checkRecord.ts";
import { overConnection } from "../connection.ts";
import { CREATE_X, CREATE_X_CODE_HASH } from "../createX.ts";
import { refuseDealerKeyOffDevelopment } from "../deploy.ts";
import type { Chain } from "../localChain.ts";
import { findRecord, recordPath, type ContractName, type DeploymentRecord } from "../record.ts";
import { layOutDeployment, presentSteps, type DeploymentPlan, type DeploymentStep, type Layout } from "./plan.ts";
import { chainIdOfCode, requirePrecompiles } from "./precompiles.ts";
import { rehearse, type Rehearsal } from "./rehearse.ts";

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
