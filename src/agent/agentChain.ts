import { FetchRequest, JsonRpcProvider, Network, keccak256 } from "ethers";
import type { InferenceEscrow, ModelRegistry, PrepaidOrders } from "../../build/hardhat/types/index.ts";
import type { ContractName, DeploymentRecord } from "../chain/record.ts";
import { contractAt } from "../chain/shippedContracts.ts";
import { InputError } from "../errors.ts";

/** A chain as an agent sees it: one RPC endpoint, and the deployment that the agent trusts. */
export interface AgentChain {
  readonly chainId: bigint;
  readonly provider: JsonRpcProvider;
  readonly record: DeploymentRecord;
  readonly registry: ModelRegistry;
  readonly escrow: InferenceEscrow;
  readonly prepaid: PrepaidOrders;
  readonly close: () => void;
}

/** Milliseconds after which a request to the node counts as failed. */
const REQUEST_TIMEOUT = 15_000;
const TRUSTED: readonly ContractName[] = ["ModelRegistry", "InferenceEscrow", "PrepaidOrders"];

/**
 * Connects to a node. Throws InputError where another chain answers than the record's, or the code of a contract is not
 * what the record says.
 */
export async function connectAgent(rpcUrl: string, record: DeploymentRecord): Promise<AgentChain> {
  const request = new FetchRequest(rpcUrl);
  request.timeout = REQUEST_TIMEOUT;
  const chainId = BigInt(record.chainId);
  // One request a call, no cache: an agent decides on what the node says now.
  const provider = new JsonRpcProvider(request, Network.from(chainId), {
    staticNetwork: true,
    batchMaxCount: 1,
    cacheTimeout: -1,
  });
  try {
    await requireDeployment(provider, record);
  } catch (error) {
    provider.destroy();
    throw error;
  }
  return {
    chainId,
    provider,
    record,
    registry: await contractAt<ModelRegistry>("ModelRegistry", record.contracts.ModelRegistry.address, provider),
    escrow: await contractAt<InferenceEscrow>("InferenceEscrow", record.contracts.InferenceEscrow.address, provider),
    prepaid: await contractAt<PrepaidOrders>("PrepaidOrders", record.contracts.PrepaidOrders.address, provider),
    close: () => provider.destroy(),
  };
}

async function requireDeployment(provider: JsonRpcProvider, record: DeploymentRecord): Promise<void> {
  const answering = BigInt(await provider.send("eth_chainId", []));
  if (answering !== BigInt(record.chainId))
    throw new InputError(`the node is of chain ${answering}, the deployment record of chain ${record.chainId}`);
  for (const name of TRUSTED) {
    const { address, runtimeCodeHash } = record.contracts[name];
    const hash = keccak256(await provider.getCode(address));
    if (hash !== runtimeCodeHash)
      throw new InputError(
        `${name} at ${address}: the code's hash is ${hash}, the deployment record's ${runtimeCodeHash}`,
      );
  }
}
