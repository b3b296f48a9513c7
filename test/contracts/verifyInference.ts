import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import type { Hex } from "../../src/codec/statement.ts";
import { PROOF_SYSTEM_ID, toBytes32 } from "../../src/codec/statement.ts";
import { BASE_ORDER, SCALAR_ORDER } from "../../src/field.ts";
import { INPUT_COMMITMENT, deployMarket } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers, provider } = connection;
const SUBJECT = toBytes32(42n);
const OTHER_SUBJECT = toBytes32(43n);
const coder = ethers.AbiCoder.defaultAbiCoder();

/** The output of these words, as ERC-7992 carries it. */
const outputOf = (words: readonly bigint[]): Hex => coder.encode(["uint256[]"], [words]);

/** 32-byte words as bytes. */
const bytesOf = (...words: bigint[]): Hex => ethers.concat(words.map(toBytes32));

const inferenceIdOf = (modelId: bigint, inputCommitment: Hex, output: Hex): Hex =>
  ethers.solidityPackedKeccak256(["uint256", "bytes32", "bytes"], [modelId, inputCommitment, output]);

/** A market with a proven output and both calls, parts of which can be replaced. */
async function deployFact(wordCount: number) {
  const market = await deployMarket(connection, wordCount);
  const { settlements, modelId, words, mintFor } = market;
  const proofFor = (subject = SUBJECT, proven = words): Hex =>
    coder.encode(["bytes32", "uint256[8]"], [subject, mintFor(subject, proven)]);
  const valid = { modelId, inputCommitment: INPUT_COMMITMENT, output: outputOf(words), proof: proofFor() };
  type Changes = Partial<typeof valid>;
  const argumentsOf = (changes: Changes) => {
    const { modelId: model, inputCommitment, output, proof } = { ...valid, ...changes };
    return [model, inputCommitment, output, proof] as const;
  };
  const verify = (changes: Changes = {}) => settlements.verifyInference(...argumentsOf(changes));
  const store = (changes: Changes = {}) => settlements.verifyAndStoreInference(...argumentsOf(changes));
  const id = inferenceIdOf(modelId, INPUT_COMMITMENT, valid.output);
  return { ...market, valid, id, proofFor, verify, store, calls: [verify, store] };
}
const oneWord = () => deployFact(1);
const twoWords = () => deployFact(2);

describe("verifyInference", () => {
  for (const [name, deploy] of Object.entries({ "one word": oneWord, "two words": twoWords })) {
    it(`says that an output of ${name} was proven, whatever the subject and as often as asked`, async () => {
      const { settlements, verify, valid, proofFor, client } = await networkHelpers.loadFixture(deploy);
      for (const subject of [SUBJECT, OTHER_SUBJECT, SUBJECT]) {
        await expect(verify({ proof: proofFor(subject) }))
          .to.emit(settlements, "InferenceVerified")
          .withArgs(valid.modelId, INPUT_COMMITMENT, valid.output, client.address);
      }
    });
  }

  it("knows only registered models", async () => {
    const { settlements, registry, calls } = await networkHelpers.loadFixture(oneWord);
    for (const modelId of [0n, 1n]) {
      const attempts = [...calls.map((call) => () => call({ modelId })), () => settlements.proofSystemOf(modelId)];
      for (const attempt of attempts) {
        await expect(attempt()).to.be.revertedWithCustomError(registry, "ModelNotFound").withArgs(modelId);
      }
    }
  });

  it("refuses deprecated models", async () => {
    const { settlements, registry, modelId, calls } = await networkHelpers.loadFixture(oneWord);
    await registry.deprecateModel(modelId);
    for (const call of calls) {
      await expect(call())
        .to.be.revertedWithCustomError(settlements, "VerificationRefused_ModelDeprecated")
        .withArgs(modelId);
    }
  });

  it("refuses stopped keys", async () => {
    const { registry, keyId, stopKey, calls } = await networkHelpers.loadFixture(oneWord);
    await stopKey();
    for (const call of calls) {
      await expect(call()).to.be.revertedWithCustomError(registry, "KeyIsStopped").withArgs(keyId);
    }
  });

  it("refuses false proofs with the standard's error: another input, output, subject or point", async () => {
    const { settlements, words, valid, proofFor, calls } = await networkHelpers.loadFixture(oneWord);
    const other = [words[0] + 1n];
    const [subject, points] = coder.decode(["bytes32", "uint256[8]"], valid.proof);
    const withPoints = (changed: bigint[]) => coder.encode(["bytes32", "uint256[8]"], [subject, changed]);
    const negated = points.map((value: bigint, index: number) => (index === 1 ? BASE_ORDER - value : value));
    const changes = [
      { inputCommitment: toBytes32(BigInt(INPUT_COMMITMENT) + 1n) },
      { output: outputOf(other) },
      { proof: proofFor(SUBJECT, other) },
      { proof: toBytes32(44n) + valid.proof.slice(66) },
      { proof: withPoints(negated) },
      { proof: withPoints([...points].reverse()) },
      { proof: withPoints(points.map(() => 0n)) },
      { proof: withPoints(points.map(() => 2n ** 256n - 1n)) },
    ];
    for (const change of changes) {
      for (const call of calls) {
        await expect(call(change)).to.be.revertedWithCustomError(settlements, "InvalidProof").withArgs();
      }
    }
  });

  it("takes a proof of exactly 288 bytes", async () => {
    const { settlements, valid, verify, store } = await networkHelpers.loadFixture(oneWord);
    const proofs = ["0x", valid.proof.slice(0, -2), `${valid.proof}00`, `0x${valid.proof.slice(66)}`];
    for (const proof of [...proofs, `${valid.proof}${"00".repeat(32)}`]) {
      for (const call of [verify, store]) {
        await expect(call({ proof })).to.be.revertedWithCustomError(settlements, "InvalidProof").withArgs();
      }
    }
  });

  it("takes the canonical encoding of an output and no other", async () => {
    const { settlements, words, valid, verify, store } = await networkHelpers.loadFixture(twoWords);
    const [first, second] = words;
    const encodings = {
      nothing: "0x",
      "the bare words": bytesOf(first, second),
      "an offset and nothing behind it": bytesOf(32n),
      "one byte less": valid.output.slice(0, -2),
      "one byte more": `${valid.output}00`,
      "one word more": valid.output + "00".repeat(32),
      "one word less": bytesOf(32n, 2n, first),
      "a count too small": bytesOf(32n, 1n, first, second),
      "a count too large": bytesOf(32n, 3n, first, second),
      "a count that wraps around": bytesOf(32n, 2n + 2n ** 251n, first, second),
      "a count that wraps around in bytes": bytesOf(32n, 2n ** 255n + 2n, first, second),
      "the offset 0": bytesOf(0n, 2n, first, second),
      "the offset 64 over a gap": bytesOf(64n, 0n, 2n, first, second),
      "the offset 64 onto the words": bytesOf(64n, 2n, first, second),
      "a dirty offset": bytesOf(32n + 2n ** 255n, 2n, first, second),
      "a greatest offset": bytesOf(2n ** 256n - 1n, 2n, first, second),
      "words without a list": coder.encode(["uint256", "uint256"], words),
      "a list within a tuple": coder.encode(["tuple(uint256[] words, uint256 more)"], [{ words, more: 0n }]),
    };
    for (const [name, output] of Object.entries(encodings)) {
      for (const call of [verify, store]) {
        await expect(call({ output }), name).to.be.revertedWithCustomError(settlements, "OutputMismatch").withArgs();
      }
    }
    await verify();
  });

  it("takes an output exactly where encoding its words again gives the same bytes", async () => {
    const { settlements, registry, valid, verify } = await networkHelpers.loadFixture(twoWords);
    const offset = fc.oneof({ weight: 4, arbitrary: fc.constant(32n) }, fc.constantFrom(0n, 64n, 2n ** 255n + 32n));
    const missing = fc.oneof({ weight: 4, arbitrary: fc.constant(0n) }, fc.constantFrom(-1n, 1n, 2n ** 251n));
    const words = fc.array(fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), fc.constant(2n)), { maxLength: 4 });
    const rest = fc.oneof({ weight: 4, arbitrary: fc.constant(new Uint8Array()) }, fc.uint8Array({ maxLength: 64 }));
    const reencodes = (output: Hex): boolean => {
      try {
        return outputOf([...(coder.decode(["uint256[]"], output)[0] as bigint[])]) === output;
      } catch {
        return false;
      }
    };
    const isMismatch = (output: Hex): Promise<boolean> =>
      settlements.verifyInference.staticCall(valid.modelId, INPUT_COMMITMENT, output, valid.proof).then(
        () => false,
        ({ data }: { data: string }) => data === settlements.interface.encodeErrorResult("OutputMismatch"),
      );
    let canonical = 0;
    const property = fc.asyncProperty(offset, missing, words, rest, async (start, difference, list, tail) => {
      const count = BigInt(list.length) + difference;
      fc.pre(count >= 0n);
      const output = ethers.concat([bytesOf(start, count, ...list), tail]);
      if (reencodes(output)) canonical++;
      expect(await isMismatch(output)).to.equal(!reencodes(output));
    });
    await fc.assert(property, { seed: 7992, numRuns: 300 });
    expect(canonical).to.be.within(50, 250);
    for (const words of [[], [1n], [1n, 2n, 3n]]) {
      await expect(verify({ output: outputOf(words) }))
        .to.be.revertedWithCustomError(registry, "WordCountMismatch")
        .withArgs(words.length, 2);
    }
  });

  it("refuses what the registry refuses, with the registry's errors", async () => {
    const { registry, words, proofFor, calls } = await networkHelpers.loadFixture(oneWord);
    const max = 2n ** 253n - 1n;
    for (const call of calls) {
      await expect(call({ output: outputOf([words[0] + SCALAR_ORDER]) }))
        .to.be.revertedWithCustomError(registry, "WordTooLarge")
        .withArgs(0, words[0] + SCALAR_ORDER, max);
      for (const commitment of [0n, BigInt(INPUT_COMMITMENT) + SCALAR_ORDER]) {
        await expect(call({ inputCommitment: toBytes32(commitment) }))
          .to.be.revertedWithCustomError(registry, "InputCommitmentOutOfRange")
          .withArgs(commitment, SCALAR_ORDER - 1n);
      }
      await expect(call({ proof: proofFor(toBytes32(0n)) })).to.be.revertedWithCustomError(registry, "ZeroSubject");
    }
  });

  it("checks model, deprecation, output and proof in this order", async () => {
    const { settlements, registry, modelId, verify } = await networkHelpers.loadFixture(oneWord);
    const nothing = { inputCommitment: toBytes32(0n), output: "0x", proof: "0x" };
    await expect(verify({ ...nothing, modelId: 1n })).to.be.revertedWithCustomError(registry, "ModelNotFound");
    await expect(verify(nothing)).to.be.revertedWithCustomError(settlements, "OutputMismatch");
    const { inputCommitment, proof } = nothing;
    await expect(verify({ inputCommitment, proof })).to.be.revertedWithCustomError(settlements, "InvalidProof");
    await registry.deprecateModel(modelId);
    await expect(verify(nothing)).to.be.revertedWithCustomError(settlements, "VerificationRefused_ModelDeprecated");
  });

  it("reverts at every gas limit that does not reach, and only there", async () => {
    const { settlements, valid, client } = await networkHelpers.loadFixture(oneWord);
    const { modelId, inputCommitment, output, proof } = valid;
    const { verifyInference, verifyAndStoreInference } = settlements;
    for (const method of [verifyInference, verifyAndStoreInference]) {
      const { data } = await method.populateTransaction(modelId, inputCommitment, output, proof);
      const call = { from: client.address, to: await settlements.getAddress(), data };
      let accepted = 0;
      for (let gas = 30_000; gas <= 420_000; gas += 3_100) {
        const limit = ethers.toQuantity(gas);
        const outcome = await provider.request({ method: "eth_call", params: [{ ...call, gas: limit }] }).then(
          () => "returned",
          () => "reverted",
        );
        if (outcome === "returned") accepted++;
        expect(outcome, `gas ${gas}`).to.equal(accepted > 0 ? "returned" : "reverted");
      }
      expect(accepted).to.be.within(1, 100);
    }
  });
});

describe("verifyAndStoreInference", () => {
  for (const [name, deploy] of Object.entries({ "one word": oneWord, "two words": twoWords })) {
    it(`puts an output of ${name} on record under the standard's id`, async () => {
      const { settlements, store, valid, id, client } = await networkHelpers.loadFixture(deploy);
      const { modelId, inputCommitment, output, proof } = valid;
      const call = [modelId, inputCommitment, output, proof] as const;
      expect(await settlements.verifyAndStoreInference.staticCall(...call)).to.equal(id);
      await expect(store())
        .to.emit(settlements, "InferenceVerified")
        .withArgs(modelId, inputCommitment, output, client.address)
        .and.to.emit(settlements, "InferenceStored")
        .withArgs(id);
      expect(await settlements.getInference(id)).to.deep.equal([modelId, inputCommitment, output]);
    });
  }

  it("leaves a record as it is, so that a copier who comes first makes nobody's call revert", async () => {
    const { settlements, valid, id, proofFor, stranger } = await networkHelpers.loadFixture(oneWord);
    const { modelId, inputCommitment, output } = valid;
    const call = (proof: Hex) => [modelId, inputCommitment, output, proof] as const;
    await settlements.connect(stranger).verifyAndStoreInference(...call(valid.proof));
    for (const proof of [valid.proof, proofFor(OTHER_SUBJECT)]) {
      expect(await settlements.verifyAndStoreInference.staticCall(...call(proof))).to.equal(id);
      const again = settlements.verifyAndStoreInference(...call(proof));
      await expect(again).to.emit(settlements, "InferenceVerified");
      await expect(again).not.to.emit(settlements, "InferenceStored");
    }
    expect(await settlements.getInference(id)).to.deep.equal([modelId, inputCommitment, output]);
  });

  it("verifies even what is on record, and stores nothing on a false proof", async () => {
    const { settlements, words, store, id, proofFor } = await networkHelpers.loadFixture(oneWord);
    const forged = { proof: proofFor(SUBJECT, [words[0] + 1n]) };
    await expect(store(forged)).to.be.revertedWithCustomError(settlements, "InvalidProof").withArgs();
    await expect(settlements.getInference(id)).to.be.revertedWithCustomError(settlements, "InferenceNotFound");
    await store();
    await expect(store(forged)).to.be.revertedWithCustomError(settlements, "InvalidProof").withArgs();
  });

  it("keeps models, inputs and outputs apart", async () => {
    const { settlements, modelId, words, mintFor, store, id, registerModel } =
      await networkHelpers.loadFixture(oneWord);
    const twin = await registerModel(100n);
    const input = toBytes32(77n);
    const other = [words[0] + 1n];
    const proof = (output: bigint[], inputCommitment: Hex) =>
      coder.encode(["bytes32", "uint256[8]"], [SUBJECT, mintFor(SUBJECT, output, inputCommitment)]);
    await store();
    await store({ modelId: twin });
    await store({ inputCommitment: input, proof: proof(words, input) });
    await store({ output: outputOf(other), proof: proof(other, INPUT_COMMITMENT) });
    const stored: [bigint, Hex, Hex][] = [
      [modelId, INPUT_COMMITMENT, outputOf(words)],
      [twin, INPUT_COMMITMENT, outputOf(words)],
      [modelId, input, outputOf(words)],
      [modelId, INPUT_COMMITMENT, outputOf(other)],
    ];
    for (const inference of stored) {
      expect(await settlements.getInference(inferenceIdOf(...inference))).to.deep.equal(inference);
    }
    expect(inferenceIdOf(...stored[0])).to.equal(id);
  });

  it("settles nothing for any subject, and a settlement stores nothing", async () => {
    const { settlements, modelId, words, store, id, mintFor } = await networkHelpers.loadFixture(oneWord);
    await store();
    for (const subject of [SUBJECT, OTHER_SUBJECT, toBytes32(0n), id]) {
      expect(await settlements.isSettled(modelId, INPUT_COMMITMENT, subject, words)).to.equal(false);
      await expect(settlements.requireSettled(modelId, INPUT_COMMITMENT, subject, words)).to.be.revertedWithCustomError(
        settlements,
        "NotSettled",
      );
    }
    const other = [words[0] + 1n];
    const settled = [modelId, INPUT_COMMITMENT, other, OTHER_SUBJECT, mintFor(OTHER_SUBJECT, other)] as const;
    await expect(settlements.verifyAndSettle(...settled)).to.emit(settlements, "InferenceSettled");
    const unstored = inferenceIdOf(modelId, INPUT_COMMITMENT, outputOf(other));
    await expect(settlements.getInference(unstored)).to.be.revertedWithCustomError(settlements, "InferenceNotFound");
  });
});

describe("getInference", () => {
  it("knows only what was stored", async () => {
    const { settlements, store, id } = await networkHelpers.loadFixture(oneWord);
    for (const unknown of [toBytes32(0n), id, toBytes32(2n ** 256n - 1n)]) {
      await expect(settlements.getInference(unknown))
        .to.be.revertedWithCustomError(settlements, "InferenceNotFound")
        .withArgs(unknown);
    }
    await store();
    await settlements.getInference(id);
  });

  it("goes on under a deprecated model and ends with its key", async () => {
    const { settlements, registry, modelId, keyId, store, id, stopKey } = await networkHelpers.loadFixture(oneWord);
    await store();
    await registry.deprecateModel(modelId);
    expect((await settlements.getInference(id)).modelId).to.equal(modelId);
    await stopKey();
    await expect(settlements.getInference(id)).to.be.revertedWithCustomError(registry, "KeyIsStopped").withArgs(keyId);
  });
});

describe("the faces of a settlement registry", () => {
  it("name the proof system and the registry", async () => {
    const { settlements, registry, modelId } = await networkHelpers.loadFixture(oneWord);
    expect(await settlements.proofSystemOf(modelId)).to.equal(PROOF_SYSTEM_ID);
    const address = await registry.getAddress();
    expect(await settlements.registry()).to.equal(address);
    expect(await settlements.REGISTRY()).to.equal(address);
  });

  it("are announced by ERC-165", async () => {
    const { settlements } = await networkHelpers.loadFixture(oneWord);
    const idOf = (...signatures: string[]) => {
      const selectors = signatures.map((signature) => BigInt(ethers.id(signature).slice(0, 10)));
      return `0x${selectors
        .reduce((left, right) => left ^ right)
        .toString(16)
        .padStart(8, "0")}`;
    };
    const statement = "uint256,bytes32,bytes32,uint256[]";
    const faces = {
      erc165: "0x01ffc9a7",
      verifier: idOf("verifyInference(uint256,bytes32,bytes,bytes)", "proofSystemOf(uint256)", "registry()"),
      storage: idOf("verifyAndStoreInference(uint256,bytes32,bytes,bytes)", "getInference(bytes32)"),
      settlements: idOf(
        "REGISTRY()",
        "verifyAndSettle(uint256,bytes32,uint256[],bytes32,uint256[8])",
        "verifyAndSettleBatch((uint256,(bytes32,uint256[],bytes32,uint256[8])[])[])",
        `isSettled(${statement})`,
        `requireSettled(${statement})`,
      ),
    };
    for (const [name, id] of Object.entries(faces)) {
      expect(await settlements.supportsInterface(id), name).to.equal(true);
    }
    for (const id of ["0xffffffff", "0x00000000", "0x80ac58cd"]) {
      expect(await settlements.supportsInterface(id), id).to.equal(false);
    }
  });
});
