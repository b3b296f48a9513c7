import { existsSync } from "node:fs";
import { z } from "zod";
import { InputError } from "../errors.ts";
import { parseJsonFile, writeJson } from "../jsonFile.ts";
import { workPath } from "../paths.ts";
import { DEVELOPMENT_CHAIN_ID } from "../setup/dealerConstants.ts";

const Address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, "want an address of 20 bytes");
const Bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/, "want 32 bytes in lower-case hex");

const ContractRecord = z.strictObject({
  address: Address,
  transaction: Bytes32,
  block: z.int().nonnegative(),
  deployer: Address,
  arguments: z.array(z.string()),
  /** keccak-256 of the code on chain. */
  runtimeCodeHash: Bytes32,
});

const ModelRecord = z.strictObject({
  modelId: Bytes32,
  keyId: Bytes32,
  wordCount: z.int().positive(),
  modelHash: Bytes32,
  circuitHash: Bytes32,
  setup: z.enum(["dealer", "self", "ceremony"]),
  transaction: Bytes32,
});

/** What was deployed on one network; `deployments/schema.json` is generated from this. */
export const DeploymentRecord = z.strictObject({
  network: z.string(),
  chainId: z.int().positive(),
  /** Commit of the sources, null outside a git checkout. */
  commit: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .nullable(),
  contracts: z.strictObject({
    ModelRegistry: ContractRecord,
    SettlementRegistry: ContractRecord,
    InferenceEscrow: ContractRecord,
    PrepaidOrders: ContractRecord,
    AllowanceCollector: ContractRecord,
    AuthorizationCollector: ContractRecord,
    NativeCollector: ContractRecord,
    Permit2Collector: ContractRecord,
  }),
  models: z.record(z.string(), ModelRecord),
});

/** JSON schema of the records, for tools of other languages. */
export const DEPLOYMENT_SCHEMA = z.toJSONSchema(DeploymentRecord);

export type DeploymentRecord = z.infer<typeof DeploymentRecord>;
export type ContractRecord = z.infer<typeof ContractRecord>;
export type ModelRecord = z.infer<typeof ModelRecord>;

/** Records of development chains are not kept under version control. */
export const recordPath = (network: string, chainId: number): string =>
  workPath(`${BigInt(chainId) === DEVELOPMENT_CHAIN_ID ? "build/deployments" : "deployments"}/${network}.json`);

export const writeRecord = (path: string, record: DeploymentRecord): Promise<void> =>
  writeJson(path, DeploymentRecord.parse(record));

/** Throws InputError where nothing was deployed on the network or the record is damaged. */
export async function readRecord(network: string, chainId: number): Promise<DeploymentRecord> {
  const path = recordPath(network, chainId);
  if (!existsSync(path)) {
    throw new InputError(
      `network ${network} (chain ${chainId}): no deployment record, run: npm run tollgate -- deploy --network ${network}`,
    );
  }
  return parseJsonFile(path, DeploymentRecord);
}
