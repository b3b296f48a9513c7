import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import { getCreateAddress } from "ethers";
import { commitmentOf, type KeyedModel } from "../../model/setupModel.ts";
import { modelIdOf, toBytes32, type Hex } from "../../codec/statement.ts";
import { answer } from "../answer.ts";
import { create2Address } from "../createX.ts";
import type { DeployedName, PaymentTerms, RoyaltyTerms } from "../deploy.ts";
import type { ContractName, KnownGoodProof, ModelRecord } from "../record.ts";

/** A model to register. */
export interface PlannedModel extends RoyaltyTerms {
  readonly model: KeyedModel;
  readonly uri: string;
  readonly setup: ModelRecord["setup"];
  readonly knownGoodProof: KnownGoodProof;
}

/** What is to be deployed and registered, the same on every chain. */
export interface DeploymentPlan {
  readonly terms: PaymentTerms;
  /** By the name that the record gives them. */
  readonly models: Readonly<Record<string, PlannedModel>>;
}

/** One transaction of a deployment. Its id is the name of its Ignition future. */
export type DeploymentStep =
  | {
      readonly kind: "contract";
      readonly id: DeployedName;
      readonly title: string;
      readonly arguments: readonly (string | number)[];
    }
  | { readonly kind: "key"; readonly id: string; readonly title: string; readonly model: KeyedModel }
  | {
      readonly kind: "model";
      readonly id: string;
      readonly title: string;
      /** What the record calls the model. */
      readonly name: string;
      readonly planned: PlannedModel;
      readonly modelId: Hex;
      /** Calldata for the registry. */
      readonly data: string;
    };

/** A plan for one sender on one chain: every address, id and transaction, known before anything is sent. */
export interface Layout {
  readonly addresses: Readonly<Record<ContractName, string>>;
  /** In the order of dependence. */
  readonly steps: readonly DeploymentStep[];
}

const REGISTER = "registerModel((bytes32,bytes32,bytes32,bytes4,string),uint16,address)";

/** Works out where everything will be. `sender` becomes the owner of the models. */
export async function layOutDeployment(
  { terms, models }: DeploymentPlan,
  ethers: HardhatEthers,
  { sender, chainId }: { readonly sender: string; readonly chainId: bigint },
): Promise<Layout> {
  const place = async (id: DeployedName, constructorArguments: readonly (string | number)[]) => {
    const { data } = await (
      await ethers.getContractFactory(id as string)
    ).getDeployTransaction(...constructorArguments);
    const address = create2Address(data);
    return { kind: "contract" as const, id, title: `${id} at ${address}`, arguments: constructorArguments, address };
  };
  const registry = await place("ModelRegistry", []);
  const payment = [registry.address, terms.tollCollector, terms.tollBps];
  const settlement = await place("SettlementRegistry", [registry.address]);
  const escrow = await place("InferenceEscrow", payment);
  const prepaid = await place("PrepaidOrders", [...payment, terms.orderLife]);
  // The escrow's constructor makes its collectors, in this order; a contract's first nonce is 1.
  const collectorAt = (nonce: number) => getCreateAddress({ from: escrow.address, nonce });
  const { interface: methods } = await ethers.getContractFactory("ModelRegistry");
  const keysAndModels = Object.entries(models).flatMap(([name, planned]) => {
    const { model, uri, royaltyBps, royaltyTo } = planned;
    const commitment = commitmentOf(model, uri);
    const modelId = toBytes32(modelIdOf(chainId, registry.address, sender, commitment, royaltyBps, royaltyTo));
    const data = methods.encodeFunctionData(REGISTER, [commitment, royaltyBps, royaltyTo]);
    return modelSteps(name, planned, modelId, data);
  });
  return {
    addresses: {
      ModelRegistry: registry.address,
      SettlementRegistry: settlement.address,
      InferenceEscrow: escrow.address,
      PrepaidOrders: prepaid.address,
      AllowanceCollector: collectorAt(1),
      AuthorizationCollector: collectorAt(2),
      NativeCollector: collectorAt(3),
      Permit2Collector: collectorAt(4),
    },
    steps: [registry, settlement, escrow, prepaid, ...keysAndModels],
  };
}

const modelSteps = (name: string, planned: PlannedModel, modelId: Hex, data: string): DeploymentStep[] => [
  {
    kind: "key",
    id: `Key_${planned.model.keyId}`,
    title: `key of ${name}, ${planned.model.keyId}`,
    model: planned.model,
  },
  { kind: "model", id: `Model_${modelId}`, title: `model ${name}, ${modelId}`, name, planned, modelId, data },
];

/** Ids of the steps whose effect the chain shows already, whoever sent them. */
export async function presentSteps({ addresses, steps }: Layout, ethers: HardhatEthers): Promise<Set<string>> {
  const present = new Set<string>();
  const registry = await ethers.getContractAt("ModelRegistry", addresses.ModelRegistry);
  const isThere = {
    contract: async (address: string) => (await ethers.provider.getCode(address)) !== "0x",
    key: async (keyId: Hex) => typeof (await answer(() => registry.keyStatusOf(keyId))) !== "string",
    model: async (modelId: Hex) => typeof (await answer(() => registry.termsOf(modelId))) !== "string",
  };
  for (const step of steps) {
    const there =
      step.kind === "contract"
        ? await isThere.contract(addresses[step.id])
        : step.kind === "key"
          ? await isThere.key(step.model.keyId)
          : await isThere.model(step.modelId);
    if (there) present.add(step.id);
  }
  return present;
}
