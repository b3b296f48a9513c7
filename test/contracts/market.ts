import type { NetworkConnection } from "hardhat/types/network";
import type { Hex, Job, ModelCommitment } from "../../src/codec/statement.ts";
import { FUNDING, PROOF_SYSTEM_ID, jobIdOf, keyIdOf, modelIdOf, toBytes32 } from "../../src/codec/statement.ts";
import type { Trapdoor } from "../fixtures/mint.ts";
import { keyOf, mintStatement, trapdoorOf } from "../fixtures/mint.ts";

export const NO_ONE = `0x${"0".repeat(40)}`;
export const REGISTER = "registerModel((bytes32,bytes32,bytes32,bytes4,string))";
export const REGISTER_WITH_ROYALTY = "registerModel((bytes32,bytes32,bytes32,bytes4,string),uint16,address)";

export const AMOUNT = 1_000_000n;
export const TOLL_BPS = 50n;
export const ROYALTY_BPS = 250n;
export const INPUT_COMMITMENT = toBytes32(123_456_789n);

/** A commitment to a made-up model over a key. */
export const commitmentTo = (vkHash: Hex): ModelCommitment => ({
  modelHash: toBytes32(1n),
  circuitHash: toBytes32(2n),
  vkHash,
  proofSystemId: PROOF_SYSTEM_ID,
  uri: "ipfs://model",
});

/** Words of a made-up output, as many as the key has. */
export const wordsOf = (wordCount: number): bigint[] =>
  Array.from({ length: wordCount }, (_, index) => 1_000n + BigInt(index));

/** Registries, escrow, a token and one model with a royalty over a key whose trapdoor is known. */
export async function deployMarket({ ethers, networkHelpers }: NetworkConnection, wordCount = 1) {
  const [client, provider, tollCollector, royaltyReceiver, stranger] = await ethers.getSigners();
  const { chainId } = await ethers.provider.getNetwork();
  const registry = await ethers.deployContract("ModelRegistry");
  const settlements = await ethers.deployContract("SettlementRegistry", [registry]);
  const escrow = await ethers.deployContract("InferenceEscrow", [registry, tollCollector, TOLL_BPS]);
  const token = await ethers.deployContract("TestToken");
  const trapdoor: Trapdoor = trapdoorOf("market");
  const keyId = keyIdOf(keyOf(trapdoor), wordCount);
  await registry.publishKey(keyOf(trapdoor), wordCount);

  const registerModel = async (royaltyBps = ROYALTY_BPS, royaltyTo = royaltyReceiver.address): Promise<bigint> => {
    const commitment = commitmentTo(keyId);
    await registry[REGISTER_WITH_ROYALTY](commitment, royaltyBps, royaltyTo);
    const address = await registry.getAddress();
    return modelIdOf(chainId, address, client.address, commitment, Number(royaltyBps), royaltyTo);
  };
  const modelId = await registerModel();
  await token.mint(client, 1_000n * AMOUNT);
  await token.approve(await escrow.collectorOf(1), 1_000n * AMOUNT);

  const terms: Job = {
    client: client.address,
    provider: provider.address,
    token: await token.getAddress(),
    amount: AMOUNT,
    bond: 0n,
    modelId,
    inputCommitment: INPUT_COMMITMENT,
    acceptBy: 0n,
    deadline: BigInt(await networkHelpers.time.latest()) + 3_600n,
    funding: FUNDING.allowance,
    nonce: 1n,
  };
  const escrowAddress = await escrow.getAddress();
  const words = wordsOf(wordCount);
  const jobId = (job: Job): Hex => jobIdOf(job, chainId, escrowAddress);
  const mintFor = (subject: Hex, output = words, inputCommitment: Hex = INPUT_COMMITMENT): bigint[] =>
    mintStatement(trapdoor, { keyId, inputCommitment, words: output, subject });
  const prove = (job: Job, output = words): bigint[] => mintFor(jobId(job), output, job.inputCommitment);
  const stopKey = async (): Promise<void> => {
    const claim = (output: bigint[], subject: Hex) => ({
      inputCommitment: INPUT_COMMITMENT,
      words: output,
      subject,
      proof: mintFor(subject, output),
    });
    const other = words.map((word) => word + 1n);
    await registry.stop(keyId, claim(words, toBytes32(7n)), claim(other, toBytes32(8n)));
  };
  return {
    registry,
    settlements,
    escrow,
    token,
    trapdoor,
    keyId,
    modelId,
    terms,
    words,
    chainId,
    client,
    provider,
    tollCollector,
    royaltyReceiver,
    stranger,
    jobId,
    prove,
    mintFor,
    stopKey,
    registerModel,
  };
}
