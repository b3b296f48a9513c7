import { bn254 } from "@noble/curves/bn254.js";
import { expect } from "chai";
import { network } from "hardhat";
import { toBytes32 } from "../../src/codec/statement.ts";
import { BASE_ORDER, SCALAR_ORDER } from "../../src/field.ts";
import { g1Words, mintStatement, scalarOf, siblingOf } from "../fixtures/mint.ts";
import type { KeyedClaim, KnownKey } from "./claims.ts";
import {
  claimOf,
  deployKeys,
  forgeriesOf,
  listsOf,
  pointsOf,
  provenAtEdges,
  provenOtherwise,
  replaceAt,
  twistPoint,
} from "./claims.ts";

const connection = await network.create();
const { ethers, networkHelpers, provider } = connection;
const { Fp } = bn254.fields;
const G1 = bn254.G1.Point;
/** A cube root of 1 other than 1. */
const OMEGA = Fp.pow(3n, (BASE_ORDER - 1n) / 3n);

async function deployBatch() {
  const market = await deployKeys(connection, 3);
  const { registry, keys } = market;
  const batchOf = (count: number, first = 0): KeyedClaim[] =>
    Array.from({ length: count }, (_, index) => claimOf(keys[0], first + index));
  const verifyBatch = (claims: readonly KeyedClaim[]) => registry.verifyBatch(...listsOf(claims));
  const findInvalid = async (claims: readonly KeyedClaim[]): Promise<number[]> =>
    (await registry.findInvalid(...listsOf(claims))).map(Number);
  const verify = async ({ keyId, inputCommitment, words, subject, proof }: KeyedClaim): Promise<boolean> => {
    try {
      await registry.verify(keyId, inputCommitment, words, subject, proof);
      return true;
    } catch (error) {
      expect(registry.interface.parseError((error as { data: string }).data)?.name).to.equal("InvalidProof");
      return false;
    }
  };
  const expectInvalid = (claims: readonly KeyedClaim[], label?: string) =>
    expect(verifyBatch(claims), label)
      .to.be.revertedWithCustomError(registry, "BatchProofInvalid")
      .withArgs(claims.length);
  const stop = async ({ keyId, wordCount, trapdoor }: KnownKey): Promise<void> => {
    const [a, b] = [3n, 4n].map((word) => {
      const words = Array.from({ length: wordCount }, () => word);
      const statement = { keyId, inputCommitment: toBytes32(1n), words, subject: toBytes32(1n) };
      return { ...statement, proof: mintStatement(trapdoor, statement) };
    });
    await registry.stop(keyId, a, b);
  };
  return { ...market, batchOf, verifyBatch, findInvalid, verify, expectInvalid, stop };
}
const deployed = () => networkHelpers.loadFixture(deployBatch);

/** What an item of a batch is refused with: the error that it deserves, encoded. */
const flaw = (registry: { interface: { encodeErrorResult(name: string, args: unknown[]): string } }) => {
  return (name: string, ...args: unknown[]) => registry.interface.encodeErrorResult(name, args);
};

describe("verifyBatch", () => {
  it("accepts 1, 2, 32 and 128 claims of one key", async () => {
    const { batchOf, verifyBatch, findInvalid } = await deployed();
    for (const count of [1, 2, 32, 128]) {
      await verifyBatch(batchOf(count));
      expect(await findInvalid(batchOf(count))).to.deep.equal([]);
    }
  });

  it("accepts claims of keys that share α and β in every order, whatever their numbers of words", async () => {
    const { keys, setup, publish, verifyBatch } = await deployed();
    const wide = await publish(siblingOf(setup, "three words"), 3);
    const orders = [
      [0, 1, 2, 0, 1, 2],
      [0, 0, 1, 1, 2, 2],
      [2, 0, 0, 1, 2, 0],
      [0, 3, 0, 3, 3],
      [3, 2, 1, 0],
    ];
    for (const order of orders) {
      await verifyBatch(order.map((key, index) => claimOf([...keys, wide][key], index)));
    }
  });

  it("accepts as many keys as claims", async () => {
    const { setup, publish, verifyBatch, findInvalid } = await deployed();
    const claims: KeyedClaim[] = [];
    for (let index = 0; index < 12; index++) {
      claims.push(claimOf(await publish(siblingOf(setup, `key of ${index}`)), index));
    }
    await verifyBatch(claims);
    const moved = [...claims.slice(1), claims[0]].map(({ keyId }, index) => ({ ...claims[index], keyId }));
    expect(await findInvalid(moved)).to.deep.equal(claims.map((_, index) => index));
  });

  it("accepts repeated claims, and other proofs of one statement", async () => {
    const { batchOf, verifyBatch } = await deployed();
    const [claim] = batchOf(1);
    await verifyBatch([claim, claim, claim]);
    await verifyBatch([claim, ...provenOtherwise(claim.proof).map((proof) => ({ ...claim, proof })), claim]);
  });

  it("accepts points at the edges at every position: A.y of 1 and q − 1, C the generator and its opposite", async () => {
    const { keys, batchOf, verifyBatch, findInvalid } = await deployed();
    const [claim] = batchOf(1);
    const edges = provenAtEdges(claim, keys[0].trapdoor).map((proof) => ({ ...claim, proof }));
    for (const edge of edges) await verifyBatch([edge]);
    await verifyBatch([claim, ...edges]);
    // What is refused has every other claim looked at by itself.
    const refused = { ...claim, proof: claim.proof.map(() => 1n) };
    expect(await findInvalid([...edges, refused, ...edges])).to.deep.equal([edges.length]);
  });

  it("says of every class of false proof at every position what single verifications say", async () => {
    const { keys, verify, verifyBatch, findInvalid, expectInvalid } = await deployed();
    const claims = [0, 1, 0].map((key, index) => claimOf(keys[key], index));
    await verifyBatch(claims);
    for (const [position, claim] of claims.entries()) {
      for (const [name, proofs] of Object.entries(forgeriesOf(claim, keys[position % 2].trapdoor))) {
        for (const proof of proofs) {
          const label = `${name} at ${position}: ${proof.join(" ")}`;
          expect(await verify({ ...claim, proof }), label).to.equal(false);
          const batch = replaceAt(claims, position, { ...claim, proof });
          await expectInvalid(batch, label);
          expect(await findInvalid(batch), label).to.deep.equal([position]);
        }
      }
    }
  }).timeout(240_000);

  it("refuses every class of false proof alone, and as the only claim of its key", async () => {
    const { keys, findInvalid, expectInvalid } = await deployed();
    const claim = claimOf(keys[0], 0);
    for (const [name, proofs] of Object.entries(forgeriesOf(claim, keys[0].trapdoor))) {
      for (const proof of proofs.slice(0, 12)) {
        await expectInvalid([{ ...claim, proof }], name);
        expect(await findInvalid([{ ...claim, proof }]), name).to.deep.equal([0]);
        await expectInvalid([claimOf(keys[1], 1), { ...claim, proof }, claimOf(keys[2], 2)], name);
      }
    }
  });

  it("refuses another input, word, subject or key than was proven, at every position", async () => {
    const { keys, batchOf, findInvalid, expectInvalid } = await deployed();
    const claims = batchOf(3);
    for (const [position, claim] of claims.entries()) {
      const changes = [
        { inputCommitment: toBytes32(BigInt(claim.inputCommitment) + 1n) },
        { words: [claim.words[0] + 1n] },
        { subject: toBytes32(BigInt(claim.subject) + 1n) },
        { keyId: keys[1].keyId },
      ];
      for (const change of changes) {
        const batch = replaceAt(claims, position, { ...claim, ...change });
        await expectInvalid(batch);
        expect(await findInvalid(batch)).to.deep.equal([position]);
      }
    }
  });

  it("refuses true proofs at each other's inputs (Z13)", async () => {
    const { keys, findInvalid, expectInvalid } = await deployed();
    const claims = [0, 1, 0, 1].map((key, index) => claimOf(keys[key], index));
    for (const [i, j] of [
      [0, 2],
      [0, 1],
      [1, 3],
      [2, 3],
    ]) {
      const swapped = claims.map((claim, at) => ({
        ...claim,
        proof: claims[at === i ? j : at === j ? i : at].proof,
      }));
      await expectInvalid(swapped);
      expect(await findInvalid(swapped)).to.deep.equal([i, j]);
    }
  });

  it("refuses false proofs whose errors cancel each other when they are added up (Z13)", async () => {
    const { keys, verify, findInvalid, expectInvalid } = await deployed();
    // Claims 0 and 8 share B, so an error in A cancels there; one in C cancels at any two claims of a key.
    const claims = [0, 8, 1].map((number) => claimOf(keys[0], number));
    const offset = G1.BASE.multiply(scalarOf("offset"));
    for (const at of [0, 6]) {
      for (const [i, j] of at === 0
        ? [[0, 1]]
        : [
            [0, 1],
            [1, 2],
            [0, 2],
          ]) {
        // prettier-ignore
        const forged = claims.map((claim, index) => {
          if (index !== i && index !== j) return claim;
          const point = pointsOf(claim.proof)[at === 0 ? 0 : 2];
          const moved = g1Words(index === i ? point.add(offset) : point.subtract(offset));
          return { ...claim, proof: [...claim.proof.slice(0, at), ...moved, ...claim.proof.slice(at + 2)] };
        });
        expect(await Promise.all(forged.map(verify))).to.deep.equal(
          claims.map((_, index) => index !== i && index !== j),
        );
        await expectInvalid(forged);
        expect(await findInvalid(forged)).to.deep.equal([i, j]);
      }
    }
  });

  describe("draws weights that", () => {
    it("are one for the first claim and 253 bits of a hash for the others, different ones", async () => {
      const { batchOf, weightsOf } = await deployedWithWeights();
      const weights = await weightsOf(batchOf(8));
      expect(new Set(weights).size).to.equal(7);
      for (const weight of weights) expect(weight < 2n ** 253n && weight > 2n ** 200n).to.equal(true);
      expect(weights.some((weight) => weight > 2n ** 251n)).to.equal(true);
    });

    it("all change with every word of every proof, every statement, the order and the number of claims (Z13)", async () => {
      const { keys, batchOf, weightsOf } = await deployedWithWeights();
      const claims = batchOf(3);
      const seen = new Set(await weightsOf(claims));
      const expectNew = async (batch: KeyedClaim[], label: string): Promise<void> => {
        for (const weight of await weightsOf(batch)) {
          expect(seen.has(weight), label).to.equal(false);
          seen.add(weight);
        }
      };
      for (const [position, claim] of claims.entries()) {
        const statements: Partial<KeyedClaim>[] = [
          { inputCommitment: toBytes32(BigInt(claim.inputCommitment) + 1n) },
          { words: [claim.words[0] + 1n] },
          { subject: toBytes32(BigInt(claim.subject) + 1n) },
          { keyId: keys[1].keyId },
        ];
        // A and C stay on the curve, so that all multiplications are reached: (x, −y) and (ωx, y) with ω³ = 1.
        const points = [0, 6].flatMap((at) => [
          { proof: replaceAt(claim.proof, at, Fp.mul(claim.proof[at], OMEGA)) },
          { proof: replaceAt(claim.proof, at + 1, Fp.neg(claim.proof[at + 1])) },
        ]);
        const twisted = [2, 3, 4, 5].map((at) => ({ proof: replaceAt(claim.proof, at, claim.proof[at] + 1n) }));
        for (const change of [...statements, ...points, ...twisted]) {
          await expectNew(replaceAt(claims, position, { ...claim, ...change }), `${position} ${Object.keys(change)}`);
        }
      }
      await expectNew([claims[1], claims[0], claims[2]], "order");
      await expectNew(claims.slice(0, 2), "number");
      await expectNew([...claims, claims[2]], "repetition");
    });

    it("change with the registry and with the chain", async () => {
      const { batchOf, weightsOf } = await deployedWithWeights();
      const weights = await weightsOf(batchOf(2));
      const elsewhere = await deployKeys(connection, 1);
      const other = await weightsSeen(connection, elsewhere.registry, batchOf(2));
      const forked = await network.create({ override: { chainId: 31_338 } });
      const onFork = await deployKeys(forked, 1);
      // The same deployer and nonce, so that only the chain differs.
      const first = await deployKeys(await network.create(), 1);
      expect(await onFork.registry.getAddress()).to.equal(await first.registry.getAddress());
      expect(await weightsSeen(forked, onFork.registry, batchOf(2))).to.not.deep.equal(weights);
      expect(other).to.not.deep.equal(weights);
    });

    it("cannot be known to whoever makes the errors: two that cancel under the drawn weights fail (Z13)", async () => {
      const { batchOf, weightsOf, verifyBatch, expectInvalid } = await deployedWithWeights();
      const claims = batchOf(3);
      await verifyBatch(claims);
      const [second, third] = await weightsOf(claims);
      const offset = G1.BASE.multiply(scalarOf("offset"));
      const errors = [undefined, offset.multiply(third), offset.multiply(second).negate()];
      const forged = claims.map((claim, index) => {
        const error = errors[index];
        if (error === undefined) return claim;
        return { ...claim, proof: [...claim.proof.slice(0, 6), ...g1Words(pointsOf(claim.proof)[2].add(error))] };
      });
      const sum = (batch: readonly KeyedClaim[]) =>
        pointsOf(batch[1].proof)[2].multiply(second).add(pointsOf(batch[2].proof)[2].multiply(third));
      expect(sum(forged).equals(sum(claims))).to.equal(true);
      await expectInvalid(forged);
    });
  });

  it("refuses an item whose key has another α or another β than the first one's, and says which", async () => {
    const { registry, setup, publish, batchOf, verify, verifyBatch } = await deployed();
    const strangers = [
      await publish({ ...siblingOf(setup, "stranger"), alpha: scalarOf("other alpha") }),
      await publish({ ...siblingOf(setup, "stranger"), beta: scalarOf("other beta") }),
    ];
    const claims = batchOf(3);
    for (const stranger of strangers) {
      const claim = claimOf(stranger, 9);
      expect(await verify(claim)).to.equal(true);
      await verifyBatch([claim, claim]);
      for (const position of [1, 2]) {
        const refused = flaw(registry)("BatchKeysDiffer", stranger.keyId, claims[0].keyId);
        await expectRefused(registry, replaceAt(claims, position, claim), position, refused);
      }
      const refused = flaw(registry)("BatchKeysDiffer", claims[0].keyId, stranger.keyId);
      await expectRefused(registry, [claim, ...claims], 1, refused);
    }
  });

  it("refuses malformed items with their index and the error of the single call, signals that are not below r among them (Z6)", async () => {
    const { registry, batchOf } = await deployed();
    const error = flaw(registry);
    const claims = batchOf(3);
    const input = BigInt(claims[0].inputCommitment);
    const unknown = toBytes32(5n);
    const inputs = [0n, SCALAR_ORDER, 2n ** 256n - 1n, ...[1n, 2n, 3n, 4n, 5n].map((k) => input + k * SCALAR_ORDER)];
    const flaws: [Partial<KeyedClaim>, string][] = [
      [{ keyId: unknown }, error("KeyNotFound", unknown)],
      [{ keyId: toBytes32(0n) }, error("KeyNotFound", toBytes32(0n))],
      [{ subject: toBytes32(0n) }, error("ZeroSubject")],
      ...inputs
        .filter((signal) => signal < 2n ** 256n)
        .map((signal): [Partial<KeyedClaim>, string] => [
          { inputCommitment: toBytes32(signal) },
          error("InputCommitmentOutOfRange", signal, SCALAR_ORDER - 1n),
        ]),
      [{ words: [] }, error("WordCountMismatch", 0, 1)],
      [{ words: [1n, 0n] }, error("WordCountMismatch", 2, 1)],
      [{ words: [2n ** 253n] }, error("WordTooLarge", 0, 2n ** 253n, 2n ** 253n - 1n)],
      [
        { words: [claims[0].words[0] + SCALAR_ORDER] },
        error("WordTooLarge", 0, claims[0].words[0] + SCALAR_ORDER, 2n ** 253n - 1n),
      ],
    ];
    for (const [change, refused] of flaws) {
      for (const position of [0, 1, 2]) {
        await expectRefused(
          registry,
          replaceAt(claims, position, { ...claims[position], ...change }),
          position,
          refused,
        );
      }
    }
  });

  it("names the word that is too large", async () => {
    const { registry, setup, publish } = await deployed();
    const wide = await publish(siblingOf(setup, "three words"), 3);
    const claim = claimOf(wide, 0);
    for (const index of [0, 1, 2]) {
      const words = replaceAt(claim.words, index, 2n ** 253n);
      const refused = flaw(registry)("WordTooLarge", index, 2n ** 253n, 2n ** 253n - 1n);
      await expectRefused(registry, [claim, { ...claim, words }], 1, refused);
    }
  });

  it("names the first of several malformed items, before any proof is looked at", async () => {
    const { registry, setup, publish, batchOf } = await deployed();
    const stranger = claimOf(await publish({ ...siblingOf(setup, "stranger"), alpha: 7n }), 9);
    const claims = batchOf(3).map((claim) => ({ ...claim, proof: claim.proof.map(() => 1n) }));
    const subject = toBytes32(0n);
    const [first, second, third] = claims;
    const zero = flaw(registry)("ZeroSubject");
    const differ = flaw(registry)("BatchKeysDiffer", stranger.keyId, first.keyId);
    await expectRefused(registry, [first, { ...second, subject }, stranger], 1, zero);
    await expectRefused(registry, [first, stranger, { ...third, subject }], 1, differ);
    await expectRefused(registry, [first, { ...stranger, subject }], 1, differ);
  });

  it("refuses a stopped key at every position, though claims of it were accepted before", async () => {
    const { registry, keys, verifyBatch, stop } = await deployed();
    const claims = [0, 1, 2].map((key, index) => claimOf(keys[key], index));
    await verifyBatch(claims);
    await stop(keys[1]);
    const refused = flaw(registry)("KeyIsStopped", keys[1].keyId);
    for (const order of [
      [1, 0, 2],
      [0, 1, 2],
      [0, 2, 1],
    ]) {
      // prettier-ignore
      const position = order.indexOf(1);
      await expectRefused(registry, order.map((key) => claims[key]), position, refused); // prettier-ignore
    }
    await verifyBatch([claims[0], claims[2]]);
  });

  it("takes 1 to 128 claims, each with a key", async () => {
    const { registry, batchOf } = await deployed();
    const [claim] = batchOf(1);
    for (const count of [0, 129, 300]) {
      const [keyIds, claims] = listsOf(Array.from({ length: count }, () => claim));
      for (const call of [registry.verifyBatch, registry.findInvalid]) {
        await expect(call(keyIds, claims))
          .to.be.revertedWithCustomError(registry, "BatchSizeOutOfRange")
          .withArgs(count, 128);
      }
    }
    const [keyIds, claims] = listsOf(batchOf(3));
    for (const [keysGiven, claimsGiven] of [
      [2, 3],
      [3, 2],
      [0, 3],
      [3, 0],
    ]) {
      // prettier-ignore
      for (const call of [registry.verifyBatch, registry.findInvalid]) {
        await expect(call(keyIds.slice(0, keysGiven), claims.slice(0, claimsGiven)))
          .to.be.revertedWithCustomError(registry, "LengthsDiffer")
          .withArgs(keysGiven, claimsGiven);
      }
    }
  });

  it("reverts at every gas limit that does not reach, and only there (Z8)", async () => {
    const { registry, keys } = await deployed();
    const claims = [0, 1, 0].map((key, index) => claimOf(keys[key], index));
    const data = registry.interface.encodeFunctionData("verifyBatch", listsOf(claims));
    const call = { to: await registry.getAddress(), data };
    let accepted = 0;
    for (let gas = 60_000; gas <= 520_000; gas += 1_700) {
      const outcome = provider.request({ method: "eth_call", params: [{ ...call, gas: ethers.toQuantity(gas) }] });
      const returned = await outcome.then(
        (result) => result,
        () => "reverted",
      );
      expect(returned).to.be.oneOf(["0x", "reverted"]);
      if (returned === "0x") accepted++;
      if (accepted > 0) expect(returned, `gas ${gas}`).to.equal("0x");
    }
    expect(accepted).to.be.within(1, 60);
  });

  it("spends on a point that a precompile refuses at most four times the price of the check", async () => {
    const { registry, batchOf } = await deployed();
    const claims = batchOf(8);
    const [claim] = claims;
    const forms: Record<string, [bigint[], number]> = {
      "A off the curve": [[3n, 5n, ...claim.proof.slice(2)], 60_000],
      "C off the curve": [[...claim.proof.slice(0, 6), 3n, 5n], 60_000],
      "B off the subgroup": [[...claim.proof.slice(0, 2), ...twistPoint(1n), ...claim.proof.slice(6)], 3 * 419_000],
    };
    const valid = await gasOf(registry, claims);
    for (const [name, [proof, more]] of Object.entries(forms)) {
      const gas = await gasOf(registry, replaceAt(claims, 4, { ...claim, proof }));
      expect(gas < valid + more + 5_000, `${name}: ${gas}, valid ${valid}`).to.equal(true);
    }
  });
});

type Registry = Awaited<ReturnType<typeof deployKeys>>["registry"];

/** Both functions refuse the batch for the same item. */
async function expectRefused(registry: Registry, claims: readonly KeyedClaim[], index: number, reason: string) {
  for (const call of [registry.verifyBatch, registry.findInvalid]) {
    await expect(call(...listsOf(claims)))
      .to.be.revertedWithCustomError(registry, "ItemRefused")
      .withArgs(index, reason);
  }
}

async function deployedWithWeights() {
  const market = await deployed();
  return { ...market, weightsOf: (claims: readonly KeyedClaim[]) => weightsSeen(connection, market.registry, claims) };
}

/**
 * Weights of all claims but the first, as the registry hands them to the precompile: it multiplies A by r − w, then C
 * by w, for each claim in turn.
 */
async function weightsSeen(
  { provider: chain }: Pick<typeof connection, "provider">,
  registry: Registry,
  claims: readonly KeyedClaim[],
): Promise<bigint[]> {
  const data = registry.interface.encodeFunctionData("verifyBatch", listsOf(claims));
  const call = { to: await registry.getAddress(), data, gas: ethers.toQuantity(16_000_000) };
  const { structLogs } = (await chain.request({
    method: "debug_traceCall",
    params: [call, "latest", { disableStorage: true, enableMemory: true }],
  })) as { structLogs: { op: string; stack: string[]; memory: string[] }[] };
  const scalars = structLogs
    .filter(({ op, stack }) => op === "STATICCALL" && BigInt(stack.at(-2)!) === 7n)
    .map(({ stack, memory }) => {
      const bytes = memory.map((word) => word.replace("0x", "")).join("");
      const scalarAt = 2 * (Number(stack.at(-3)!) + 64);
      return BigInt(`0x${bytes.slice(scalarAt, scalarAt + 64)}`);
    });
  const weights = claims.slice(1).map((_, index) => scalars[2 * index + 1]);
  for (const [index, weight] of weights.entries()) expect(scalars[2 * index] + weight).to.equal(SCALAR_ORDER);
  return weights;
}

/** Gas of a transaction with the batch, whether it reverts or not. */
async function gasOf(registry: Registry, claims: readonly KeyedClaim[]): Promise<number> {
  const data = registry.interface.encodeFunctionData("verifyBatch", listsOf(claims));
  const call = { to: await registry.getAddress(), data, gas: ethers.toQuantity(16_000_000) };
  const { gas } = (await provider.request({ method: "debug_traceCall", params: [call] })) as { gas: number };
  return Number(gas);
}
