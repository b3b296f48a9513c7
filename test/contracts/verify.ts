import { bn254 } from "@noble/curves/bn254.js";
import { expect } from "chai";
import { network } from "hardhat";
import { contextOf, outputCommitmentOf, toBytes32 } from "../../src/codec/statement.ts";
import { BASE_ORDER, SCALAR_ORDER } from "../../src/field.ts";
import { g1Words, g2Words, mint, mintStatement, scalarOf } from "../fixtures/mint.ts";
import { provenAtEdges } from "./claims.ts";
import { INPUT_COMMITMENT, deployMarket } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers, provider } = connection;
const SUBJECT = toBytes32(42n);
const G1 = bn254.G1.Point;
const G2 = bn254.G2.Point;

/** The registry, one valid statement and a call that replaces parts of it. */
async function deployStatement(wordCount: number) {
  const market = await deployMarket(connection, wordCount);
  const { registry, keyId, words, trapdoor } = market;
  const valid = { keyId, inputCommitment: INPUT_COMMITMENT, words, subject: SUBJECT };
  const proof = mintStatement(trapdoor, valid);
  const verify = (changes: Partial<typeof valid> = {}, changedProof = proof) => {
    const { inputCommitment, words: output, subject, keyId: key } = { ...valid, ...changes };
    return registry.verify(key, inputCommitment, output, subject, changedProof);
  };
  return { ...market, valid, proof, verify };
}
const oneWord = () => deployStatement(1);
const twoWords = () => deployStatement(2);

describe("verify", () => {
  it("accepts proofs of many statements, zero and the largest word included", async () => {
    const { verify, valid, trapdoor } = await networkHelpers.loadFixture(oneWord);
    for (let index = 0n; index < 12n; index++) {
      const word = index === 0n ? 0n : index === 1n ? 2n ** 253n - 1n : scalarOf(`word ${index}`) >> 1n;
      const inputCommitment = toBytes32(index === 2n ? SCALAR_ORDER - 1n : scalarOf(`input ${index}`));
      const changes = { words: [word], inputCommitment, subject: toBytes32(scalarOf(`subject ${index}`)) };
      const [a, b] = [scalarOf(`a ${index}`), scalarOf(`b ${index}`)];
      await verify(changes, mintStatement(trapdoor, { ...valid, ...changes }, a, b));
    }
  });

  it("refuses another input, word, subject or key than was proven (Z5, Z14)", async () => {
    const { verify, registry, keyId, words } = await networkHelpers.loadFixture(oneWord);
    await verify();
    const changes = [
      { inputCommitment: toBytes32(BigInt(INPUT_COMMITMENT) + 1n) },
      { words: [words[0] + 1n] },
      { subject: toBytes32(43n) },
    ];
    for (const change of changes) {
      await expect(verify(change)).to.be.revertedWithCustomError(registry, "InvalidProof");
    }
    const unknown = toBytes32(BigInt(keyId) ^ 1n);
    await expect(verify({ keyId: unknown }))
      .to.be.revertedWithCustomError(registry, "KeyNotFound")
      .withArgs(unknown);
  });

  it("says in the error which three signals the proof should have had", async () => {
    const { verify, registry, keyId, words } = await networkHelpers.loadFixture(oneWord);
    const output = [words[0] + 1n];
    const context = contextOf(keyId, BigInt(INPUT_COMMITMENT), SUBJECT, output);
    await expect(verify({ words: output }))
      .to.be.revertedWithCustomError(registry, "InvalidProof")
      .withArgs(keyId, INPUT_COMMITMENT, output[0], context);
  });

  it("refuses an input commitment that is zero or not below r, though the sum of points be the same (Z6) (invariant 18)", async () => {
    const { verify, registry } = await networkHelpers.loadFixture(oneWord);
    for (const signal of [
      0n,
      SCALAR_ORDER,
      ...[1n, 2n, 3n, 4n, 5n].map((times) => BigInt(INPUT_COMMITMENT) + times * SCALAR_ORDER),
    ]) {
      await expect(verify({ inputCommitment: toBytes32(signal) }))
        .to.be.revertedWithCustomError(registry, "InputCommitmentOutOfRange")
        .withArgs(signal, SCALAR_ORDER - 1n);
    }
  });

  it("refuses words of more than 253 bits in every place, a second encoding of the output among them (Z6b)", async () => {
    const { verify, registry, words } = await networkHelpers.loadFixture(twoWords);
    for (const index of [0, 1]) {
      for (const word of [2n ** 253n, words[index] + SCALAR_ORDER, 2n ** 256n - 1n]) {
        const output = words.map((old, at) => (at === index ? word : old));
        await expect(verify({ words: output }))
          .to.be.revertedWithCustomError(registry, "WordTooLarge")
          .withArgs(index, word, 2n ** 253n - 1n);
      }
    }
  });

  it("refuses another number of words than the key has, a proof for their sum included (Z6b)", async () => {
    const { verify, registry, words, valid, trapdoor } = await networkHelpers.loadFixture(twoWords);
    for (const output of [[], words.slice(0, 1), [...words, 0n]]) {
      const proof = output.length === 0 ? undefined : mintStatement(trapdoor, { ...valid, words: output });
      await expect(verify({ words: output }, proof))
        .to.be.revertedWithCustomError(registry, "WordCountMismatch")
        .withArgs(output.length, 2);
    }
  });

  it("refuses the subject zero (E12)", async () => {
    const { verify, registry, valid, trapdoor } = await networkHelpers.loadFixture(oneWord);
    const subject = toBytes32(0n);
    const proof = mintStatement(trapdoor, { ...valid, subject });
    await expect(verify({ subject }, proof)).to.be.revertedWithCustomError(registry, "ZeroSubject");
  });

  it("takes the polynomial of two words at the context and nothing that merely adds up (Z6c)", async () => {
    const { verify, registry, valid, words, keyId, trapdoor } = await networkHelpers.loadFixture(twoWords);
    await verify();
    await expect(verify({ words: [...words].reverse() })).to.be.revertedWithCustomError(registry, "InvalidProof");
    // A prover that meets the old sum with other words still has the old context in its proof.
    const context = contextOf(keyId, BigInt(INPUT_COMMITMENT), SUBJECT, words);
    const steered = [words[0] + context, words[1] - 1n];
    expect(outputCommitmentOf(steered, context)).to.equal(outputCommitmentOf(words, context));
    await expect(verify({ words: steered })).to.be.revertedWithCustomError(registry, "InvalidProof");
    const plain = mint(trapdoor, [BigInt(INPUT_COMMITMENT), words[0] + words[1], context]);
    await expect(verify(valid, plain)).to.be.revertedWithCustomError(registry, "InvalidProof");
  });

  describe("of a proof's numbers", () => {
    it("refuses each one changed, and each one raised by q", async () => {
      const { verify, registry, proof } = await networkHelpers.loadFixture(oneWord);
      for (let index = 0; index < 8; index++) {
        for (const step of [1n, BASE_ORDER]) {
          const changed = proof.map((word, at) => (at === index ? word + step : word));
          await expect(verify({}, changed)).to.be.revertedWithCustomError(registry, "InvalidProof");
        }
      }
    });

    it("refuses every other encoding of A.y", async () => {
      const { verify, registry, proof } = await networkHelpers.loadFixture(oneWord);
      const [x, y, ...rest] = proof;
      const encodings = [BASE_ORDER - y, y + BASE_ORDER, y + 2n * BASE_ORDER, 2n ** 256n - y, 0n, BASE_ORDER];
      for (const encoding of encodings.filter((value) => value < 2n ** 256n)) {
        const changed = [x, encoding, ...rest];
        await expect(verify({}, changed)).to.be.revertedWithCustomError(registry, "InvalidProof");
      }
    });

    it("accepts points at the edges: A.y of 1 and q − 1, C the generator and its opposite", async () => {
      const { verify, valid, trapdoor } = await networkHelpers.loadFixture(oneWord);
      const proofs = provenAtEdges(valid, trapdoor);
      expect(proofs.map(([, y]) => y).slice(0, 2)).to.deep.equal([1n, BASE_ORDER - 1n]);
      expect(proofs.map((proof) => proof.slice(6)).slice(2)).to.deep.equal([
        [1n, 2n],
        [1n, BASE_ORDER - 2n],
      ]);
      for (const edge of proofs) await verify({}, edge);
    });

    it("refuses infinity for A, B and C even where the equation holds", async () => {
      const { verify, registry, proof, trapdoor, valid } = await networkHelpers.loadFixture(oneWord);
      const { Fr } = bn254.fields;
      const signals = [BigInt(INPUT_COMMITMENT), valid.words[0]];
      const context = contextOf(valid.keyId, signals[0], SUBJECT, valid.words);
      const sum = [1n, ...signals, context].reduce((total, s, i) => Fr.create(total + s * trapdoor.ic[i]), 0n);
      const product = Fr.create(trapdoor.alpha * trapdoor.beta + sum);
      const c = g1Words(G1.BASE.multiply(Fr.div(Fr.neg(product), trapdoor.delta)));
      const b = scalarOf("b");
      const balanced = g1Words(G1.BASE.multiply(Fr.div(product, b)));
      const forms = {
        A: [0n, 0n, ...proof.slice(2, 6), ...c],
        // Negated as q − A.y, this one would become infinity.
        "A by the number q": [0n, BASE_ORDER, ...proof.slice(2, 6), ...c],
        B: [...proof.slice(0, 2), 0n, 0n, 0n, 0n, ...c],
        C: [...balanced, ...g2Words(G2.BASE.multiply(b)), 0n, 0n],
      };
      for (const form of Object.values(forms)) {
        await expect(verify({}, form)).to.be.revertedWithCustomError(registry, "InvalidProof");
      }
    });

    it("accepts the malleated proof (−A, −B): replay protection may not rest on proof bytes (Z7)", async () => {
      const { verify, proof } = await networkHelpers.loadFixture(oneWord);
      const [ax, ay, bx1, bx0, by1, by0, cx, cy] = proof;
      await verify({}, [ax, BASE_ORDER - ay, bx1, bx0, BASE_ORDER - by1, BASE_ORDER - by0, cx, cy]);
    });
  });

  it("reverts at every gas limit that does not reach, and only there (Z8)", async () => {
    const { registry, valid, proof, client } = await networkHelpers.loadFixture(oneWord);
    const { keyId, inputCommitment, words, subject } = valid;
    const data = registry.interface.encodeFunctionData("verify", [keyId, inputCommitment, words, subject, proof]);
    const call = { from: client.address, to: await registry.getAddress(), data };
    let accepted = 0;
    for (let gas = 30_000; gas <= 260_000; gas += 2_300) {
      const outcome = provider.request({ method: "eth_call", params: [{ ...call, gas: ethers.toQuantity(gas) }] });
      const returned = await outcome.then(
        (result) => result,
        () => "reverted",
      );
      expect(returned).to.be.oneOf(["0x", "reverted"]);
      if (returned === "0x") accepted++;
      if (accepted > 0) expect(returned, `gas ${gas}`).to.equal("0x");
    }
    expect(accepted).to.be.within(1, 20);
  });
});
