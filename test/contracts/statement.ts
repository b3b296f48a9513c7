import { readFileSync } from "node:fs";
import { expect } from "chai";
import { network } from "hardhat";
import type { Hex, Job, ModelCommitment, VerifyingKey } from "../../src/codec/statement.ts";
import { contextOf, jobIdOf, keyIdOf, modelIdOf, outputCommitmentOf, toBytes32 } from "../../src/codec/statement.ts";
import { projectPath } from "../../src/paths.ts";
import { keyOf, scalarOf, trapdoorOf } from "../fixtures/mint.ts";
import { NO_ONE, REGISTER_WITH_ROYALTY, commitmentTo, deployMarket } from "./market.ts";

interface Vectors {
  keyId: { key: VerifyingKey; wordCount: bigint; keyId: Hex };
  context: { keyId: Hex; inputCommitment: bigint; subject: Hex; words: bigint[]; context: bigint; sum: bigint };
  modelId: {
    registry: Hex;
    owner: Hex;
    commitment: ModelCommitment;
    royaltyBps: bigint;
    royaltyTo: Hex;
    modelId: bigint;
  };
  jobId: { escrow: Hex; job: Job; jobId: Hex };
}

const VECTORS = JSON.parse(readFileSync(projectPath("test/fixtures/vectors.json"), "utf8"), (_, value: unknown) =>
  typeof value === "string" && /^\d+$/.test(value) ? BigInt(value) : value,
) as Vectors;

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const deploy = (wordCount: number) => deployMarket(connection, wordCount);
const address = (label: string) => ethers.getAddress(toBytes32(scalarOf(label)).slice(0, 42));

const hashOf = (types: string[], values: unknown[]) =>
  ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(types, values));

/** Any job, its narrow fields at their largest for index 0. */
const randomJob = (index: number): Job => ({
  client: address(`client ${index}`),
  provider: address(`provider ${index}`),
  token: address(`token ${index}`),
  amount: scalarOf(`amount ${index}`),
  bond: scalarOf(`bond ${index}`),
  modelId: scalarOf(`model ${index}`),
  inputCommitment: toBytes32(scalarOf(`input ${index}`)),
  acceptBy: index === 0 ? 2n ** 64n - 1n : scalarOf(`acceptBy ${index}`) % 2n ** 64n,
  deadline: index === 0 ? 2n ** 64n - 1n : scalarOf(`deadline ${index}`) % 2n ** 64n,
  funding: index === 0 ? 255 : Number(scalarOf(`funding ${index}`) % 256n),
  nonce: index === 0 ? 2n ** 256n - 1n : scalarOf(`nonce ${index}`),
});

describe("the contracts and src/codec/statement.ts", () => {
  it("agree on job ids", async () => {
    const { escrow, chainId } = await networkHelpers.loadFixture(oneWord);
    for (let index = 0; index < 20; index++) {
      const job = randomJob(index);
      expect(await escrow.hashJob(job)).to.equal(jobIdOf(job, chainId, await escrow.getAddress()));
    }
  });

  it("agree on job ids of another chain (invariant 24)", async () => {
    const elsewhere = await network.create({ override: { chainId: 8_453 } });
    const { escrow } = await deployMarket(elsewhere);
    const job = randomJob(1);
    expect(await escrow.hashJob(job)).to.equal(jobIdOf(job, 8_453n, await escrow.getAddress()));
  });

  it("agree on key ids", async () => {
    const { registry } = await networkHelpers.loadFixture(oneWord);
    for (const [index, wordCount] of [1, 2, 255, 65_535].entries()) {
      const key = keyOf(trapdoorOf(`key ${index}`));
      expect(await registry.publishKey.staticCall(key, wordCount)).to.equal(keyIdOf(key, wordCount));
    }
  });

  it("agree on model ids", async () => {
    const { registry, keyId, client, chainId } = await networkHelpers.loadFixture(oneWord);
    for (const [royaltyBps, royaltyTo, uri] of [
      [0, NO_ONE, ""],
      [1, client.address, "ipfs://x".repeat(20)],
    ] as const) {
      const commitment = { ...commitmentTo(keyId), uri };
      const id = modelIdOf(chainId, await registry.getAddress(), client.address, commitment, royaltyBps, royaltyTo);
      expect(await registry[REGISTER_WITH_ROYALTY].staticCall(commitment, royaltyBps, royaltyTo)).to.equal(id);
    }
  });

  it("agree on context and output commitment", async () => {
    for (const fixture of [oneWord, twoWords, fiveWords]) {
      const { registry, keyId, words } = await networkHelpers.loadFixture(fixture);
      for (let index = 0; index < 5; index++) {
        const output = words.map((_, at) => scalarOf(`word ${index} ${at}`) >> 1n);
        const input = scalarOf(`input ${index}`);
        const subject = toBytes32(scalarOf(`subject ${index}`));
        const context = contextOf(keyId, input, subject, output);
        // An invalid proof makes the contract say which signals it wanted.
        const noProof = Array.from({ length: 8 }, () => 1n);
        await expect(registry.verify(keyId, toBytes32(input), output, subject, noProof))
          .to.be.revertedWithCustomError(registry, "InvalidProof")
          .withArgs(keyId, input, outputCommitmentOf(output, context), context);
      }
    }
  });

  it("give the vectors of ADR-0001, at the addresses that those name", async () => {
    const { registry, escrow } = await networkHelpers.loadFixture(oneWord);
    const { keyId, context, modelId, jobId } = VECTORS;
    // Code moved to another address takes that address into its ids, as if it had been deployed there.
    for (const [contract, target] of [
      [registry, modelId.registry],
      [escrow, jobId.escrow],
    ] as const) {
      await networkHelpers.setCode(target, await ethers.provider.getCode(contract));
    }
    await networkHelpers.impersonateAccount(modelId.owner);
    await networkHelpers.setBalance(modelId.owner, 10n ** 18n);
    const owner = await ethers.getSigner(modelId.owner);
    const registryThere = registry.attach(modelId.registry).connect(owner) as typeof registry;
    // The vector's numbers are no points, so its id is put there over another key; publishing it again then gives it.
    const [published] = await registry.queryFilter(registry.filters.KeyPublished());
    const slot = hashOf(["bytes32", "uint256"], [keyId.keyId, 0n]);
    const record = BigInt(published.args.pointer) + (keyId.wordCount << 160n);
    await networkHelpers.setStorageAt(modelId.registry, slot, record);
    expect(await registryThere.publishKey.staticCall(keyId.key, keyId.wordCount)).to.equal(keyId.keyId);

    const { commitment, royaltyBps, royaltyTo } = modelId;
    const register = registryThere[REGISTER_WITH_ROYALTY];
    expect(await register.staticCall(commitment, royaltyBps, royaltyTo)).to.equal(modelId.modelId);

    const noProof = Array.from({ length: 8 }, () => 1n);
    const { inputCommitment, words, subject } = context;
    await expect(registryThere.verify(context.keyId, toBytes32(inputCommitment), words, subject, noProof))
      .to.be.revertedWithCustomError(registryThere, "InvalidProof")
      .withArgs(context.keyId, inputCommitment, context.sum, context.context);

    const escrowThere = escrow.attach(jobId.escrow) as typeof escrow;
    expect(await escrowThere.hashJob(jobId.job)).to.equal(jobId.jobId);
  });
});

const oneWord = () => deploy(1);
const twoWords = () => deploy(2);
const fiveWords = () => deploy(5);
