import { existsSync } from "node:fs";
import { isAddress } from "ethers";
import { z } from "zod";
import { InputError } from "../errors.ts";
import type { Proof } from "../groth16/proof.ts";
import { parseJsonFile, writeJson } from "../jsonFile.ts";
import { workPath } from "../paths.ts";
import type { Claim } from "../model/claim.ts";
import { DEVELOPMENT_CHAIN_ID } from "../setup/dealerConstants.ts";

const Address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "want an address of 20 bytes")
  .refine(isAddress, "want an address with the capitals of its checksum");
const Bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/, "want 32 bytes in lower-case hex");
const Decimal = z.string().regex(/^(0|[1-9][0-9]{0,77})$/, "want a decimal number without leading zeros");

const ContractRecord = z.strictObject({
  address: Address,
  /** The transaction that deployed it. */
  transaction: Bytes32,
  block: z.int().nonnegative(),
  /** Sender of the transaction; of a collector, the escrow that made it. */
  deployer: Address,
  /** Arguments of the constructor, as text. */
  arguments: z.array(z.string()),
  /** keccak-256 of the code on chain. */
  runtimeCodeHash: Bytes32,
});

/** A proof that the registry must accept, in the contracts' order: what shows that a chain verifies. */
export const KnownGoodProof = z.strictObject({
  inputCommitment: Decimal,
  words: z.array(Decimal).min(1),
  subject: Bytes32,
  proof: z.array(Decimal).length(8),
});

const ModelRecord = z.strictObject({
  modelId: Bytes32,
  owner: Address,
  keyId: Bytes32,
  wordCount: z.int().positive(),
  modelHash: Bytes32,
  circuitHash: Bytes32,
  uri: z.string(),
  royaltyBps: z.int().nonnegative(),
  royaltyTo: Address,
  setup: z.enum(["dealer", "self", "ceremony"]),
  /** Deprecated models take no new jobs; under a stopped key nothing settles. */
  status: z.enum(["live", "deprecated", "stopped"]),
  /** The transaction that registered it. */
  transaction: Bytes32,
  knownGoodProof: KnownGoodProof,
});

/** What was deployed on one network; `deployments/schema.json` is generated from this. */
export const DeploymentRecord = z.strictObject({
  network: z.string(),
  chainId: z.int().positive(),
  /** Commit of the sources; null where files differed from it, or outside a git checkout. */
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
export type ContractName = keyof DeploymentRecord["contracts"];
export type KnownGoodProof = z.infer<typeof KnownGoodProof>;
export type ModelRecord = z.infer<typeof ModelRecord>;

/** Records of development chains are not kept under version control. */
export const recordPath = (network: string, chainId: number): string =>
  workPath(`${BigInt(chainId) === DEVELOPMENT_CHAIN_ID ? "build/deployments" : "deployments"}/${network}.json`);

export const writeRecord = (path: string, record: DeploymentRecord): Promise<void> =>
  writeJson(path, DeploymentRecord.parse(record));

/** Throws InputError where nothing was deployed on the network, or the record is damaged or of another network. */
export async function readRecord(network: string, chainId: number): Promise<DeploymentRecord> {
  const record = await findRecord(network, chainId);
  if (record !== undefined) return record;
  throw new InputError(
    `network ${network} (chain ${chainId}): no deployment record, run: npm run tollgate -- deploy --network ${network}`,
  );
}

/** As `readRecord`; undefined where nothing was deployed. */
export async function findRecord(network: string, chainId: number): Promise<DeploymentRecord | undefined> {
  const path = recordPath(network, chainId);
  if (!existsSync(path)) return undefined;
  const record = await parseJsonFile(path, DeploymentRecord);
  if (record.network !== network) {
    throw new InputError(`${path}: network: the record is of ${record.network}, want ${network}`);
  }
  if (record.chainId !== chainId) {
    throw new InputError(
      `${path}: chainId: the record is of chain ${record.chainId}, network ${network} is chain ${chainId}`,
    );
  }
  return record;
}

/** The known-good proof of a record as a claim. */
export const knownGoodClaim = ({ inputCommitment, words, subject, proof }: KnownGoodProof): Claim => ({
  inputCommitment: BigInt(inputCommitment),
  words: words.map(BigInt),
  subject,
  proof: proof.map(BigInt) as unknown as Proof,
});

/** A claim as a record's known-good proof. */
export const toKnownGoodProof = ({ inputCommitment, words, subject, proof }: Claim): KnownGoodProof => ({
  inputCommitment: String(inputCommitment),
  words: words.map(String),
  subject,
  proof: proof.map(String),
});
