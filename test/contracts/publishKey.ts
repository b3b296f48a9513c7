import { createHash } from "node:crypto";
import { bn254 } from "@noble/curves/bn254.js";
import { expect } from "chai";
import type { Result } from "ethers";
import { network } from "hardhat";
import type { G1Coordinates, G2Coordinates, VerifyingKey } from "../../src/codec/statement.ts";
import { keyIdOf } from "../../src/codec/statement.ts";
import { BASE_ORDER, SCALAR_ORDER } from "../../src/field.ts";
import { g1Words, g2Words, keyOf, trapdoorOf } from "../fixtures/mint.ts";

const G1 = bn254.G1.Point;
const G2 = bn254.G2.Point;
const KEY = keyOf(trapdoorOf("publish"));
const GAMMA = g2Words(G2.BASE);
const negated = ([x, y]: G1Coordinates): G1Coordinates => [x, BASE_ORDER - y];
const negatedG2 = ([x1, x0, y1, y0]: G2Coordinates): G2Coordinates => [x1, x0, BASE_ORDER - y1, BASE_ORDER - y0];

/** The key with another IC point. */
function withIc(index: number, point: G1Coordinates): VerifyingKey {
  const key = structuredClone(KEY);
  key.ic[index] = point;
  return key;
}

/** A point of the twisted curve outside the subgroup of order r: the first x that has a y. */
function outsideSubgroup(): G2Coordinates {
  const { Fp2 } = bn254.fields;
  const b = G2.CURVE().b;
  for (let c0 = 1n; ; c0++) {
    const x = Fp2.create({ c0, c1: 0n });
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), b);
    try {
      const point = G2.fromAffine({ x, y: Fp2.sqrt(square) });
      if (!point.isTorsionFree()) return g2Words(point);
    } catch {
      // No y for this x.
    }
  }
}

/** scalar(label, empty) of ADR-0001's dealer. */
function dealerScalar(label: string): bigint {
  const digest = createHash("sha512").update(`tollgate dealer v1\0${label}\0`).digest("hex");
  return (BigInt(`0x${digest}`) % (SCALAR_ORDER - 1n)) + 1n;
}

describe("publishKey", () => {
  it("stores a key as code, under the hash of key and word count (Z12)", async () => {
    const { ethers } = await network.create();
    const registry = await ethers.deployContract("ModelRegistry");
    await expect(registry.publishKey(KEY, 3)).to.emit(registry, "KeyPublished");
    const [key, wordCount, stopped] = await registry.getKey(keyIdOf(KEY, 3));
    expect(keyIdOf((key as unknown as Result).toObject(true) as VerifyingKey, 3)).to.equal(keyIdOf(KEY, 3));
    expect([wordCount, stopped]).to.deep.equal([3n, false]);
    const [event] = await registry.queryFilter(registry.filters.KeyPublished());
    expect(await ethers.provider.getCode(event.args.pointer)).to.have.length(2 + 2 * 577);
  });

  it("does nothing the second time, whoever calls (E15)", async () => {
    const { ethers } = await network.create();
    const [, other] = await ethers.getSigners();
    const registry = await ethers.deployContract("ModelRegistry");
    await registry.publishKey(KEY, 1);
    await expect(registry.connect(other).publishKey(KEY, 1)).not.to.emit(registry, "KeyPublished");
    expect(await registry.publishKey.staticCall(KEY, 1)).to.equal(keyIdOf(KEY, 1));
  });

  it("knows no key that was not published (Z12)", async () => {
    const { ethers } = await network.create();
    const registry = await ethers.deployContract("ModelRegistry");
    const keyId = keyIdOf(KEY, 1);
    for (const call of [() => registry.getKey(keyId), () => registry.isStopped(keyId)]) {
      await expect(call()).to.be.revertedWithCustomError(registry, "KeyNotFound").withArgs(keyId);
    }
  });

  const outside = outsideSubgroup();
  const offG2: G2Coordinates = [1n, 2n, 3n, 4n];
  const infinity: G2Coordinates = [0n, 0n, 0n, 0n];
  const refused: [string, VerifyingKey, string, unknown[]][] = [
    ["δ = γ", { ...KEY, delta: GAMMA }, "G2PointIsGenerator", [GAMMA]],
    ["δ = −γ", { ...KEY, delta: negatedG2(GAMMA) }, "G2PointIsGenerator", [negatedG2(GAMMA)]],
    ["β = γ", { ...KEY, beta: GAMMA }, "G2PointIsGenerator", [GAMMA]],
    ["δ = β", { ...KEY, delta: KEY.beta }, "BetaEqualsDelta", [KEY.beta]],
    ["δ = −β", { ...KEY, delta: negatedG2(KEY.beta) }, "BetaEqualsDelta", [KEY.beta]],
    ["α the generator", { ...KEY, alpha: g1Words(G1.BASE) }, "AlphaIsGenerator", [g1Words(G1.BASE)]],
    ...[1n, 2n, 3n].map((step): [string, VerifyingKey, string, unknown[]] => {
      const alpha: G1Coordinates = [KEY.alpha[0], KEY.alpha[1] + step];
      return [`α off the curve by ${step}`, { ...KEY, alpha }, "G1PointNotOnCurve", alpha];
    }),
    ["α at infinity", { ...KEY, alpha: [0n, 0n] }, "G1PointNotOnCurve", [0n, 0n]],
    ["β off the curve", { ...KEY, beta: offG2 }, "G2PointInvalid", [offG2]],
    ["β at infinity", { ...KEY, beta: infinity }, "G2PointInvalid", [infinity]],
    ["δ off the curve", { ...KEY, delta: offG2 }, "G2PointInvalid", [offG2]],
    ["δ at infinity", { ...KEY, delta: infinity }, "G2PointInvalid", [infinity]],
    ["β outside the subgroup", { ...KEY, beta: outside }, "G2PointInvalid", [outside]],
    ["δ outside the subgroup", { ...KEY, delta: outside }, "G2PointInvalid", [outside]],
    ...[0, 1, 2, 3].flatMap((index): [string, VerifyingKey, string, unknown[]][] => {
      const [next, other] = [(index + 1) % 4, (index + 2) % 4];
      const pairOf = (second: number) => [Math.min(index, second), Math.max(index, second)];
      return [
        [`IC ${index} at infinity`, withIc(index, [0n, 0n]), "G1PointNotOnCurve", [0n, 0n]],
        [`IC ${index} off the curve`, withIc(index, [1n, 3n]), "G1PointNotOnCurve", [1n, 3n]],
        [`IC ${index} repeated`, withIc(index, KEY.ic[next]), "RepeatedIcPoint", pairOf(next)],
        [`IC ${index} opposite to another`, withIc(index, negated(KEY.ic[other])), "RepeatedIcPoint", pairOf(other)],
      ];
    }),
  ];
  for (const [name, key, error, values] of refused) {
    it(`refuses ${name} (Z5, Z10)`, async () => {
      const { ethers } = await network.create();
      const registry = await ethers.deployContract("ModelRegistry");
      await expect(registry.publishKey(key, 1))
        .to.be.revertedWithCustomError(registry, error)
        .withArgs(...values);
    });
  }

  it("refuses every coordinate that is not below the field's order, in each of the 18 places", async () => {
    const { ethers } = await network.create();
    const registry = await ethers.deployContract("ModelRegistry");
    for (let index = 0; index < 18; index++) {
      const key = structuredClone(KEY);
      const points = [key.alpha, key.beta, key.delta, ...key.ic];
      const places = points.flatMap((point) => point.map((_, at) => ({ point, at })));
      const { point, at } = places[index];
      for (const coordinate of [BASE_ORDER, point[at] + BASE_ORDER]) {
        point[at] = coordinate;
        await expect(registry.publishKey(key, 1))
          .to.be.revertedWithCustomError(registry, "CoordinateNotInField")
          .withArgs(index, coordinate, BASE_ORDER);
      }
    }
  });

  it("refuses a key without words", async () => {
    const { ethers } = await network.create();
    const registry = await ethers.deployContract("ModelRegistry");
    await expect(registry.publishKey(KEY, 0)).to.be.revertedWithCustomError(registry, "ZeroWordCount");
  });

  describe("with α or β of the public dealer (ADR-0001)", () => {
    const secrets = { alpha: dealerScalar("alpha"), beta: dealerScalar("beta") };
    const keys = {
      α: { ...KEY, alpha: g1Words(G1.BASE.multiply(secrets.alpha)) },
      "−α": { ...KEY, alpha: negated(g1Words(G1.BASE.multiply(secrets.alpha))) },
      β: { ...KEY, beta: g2Words(G2.BASE.multiply(secrets.beta)) },
    };
    for (const [name, key] of Object.entries(keys)) {
      it(`accepts ${name} on chain 31337 and refuses it elsewhere`, async () => {
        const development = await network.create();
        const registry = await development.ethers.deployContract("ModelRegistry");
        await expect(registry.publishKey(key, 1)).to.emit(registry, "KeyPublished");

        for (const chainId of [1, 31_336, 31_338]) {
          const elsewhere = await network.create({ override: { chainId } });
          const other = await elsewhere.ethers.deployContract("ModelRegistry");
          await expect(other.publishKey(key, 1))
            .to.be.revertedWithCustomError(other, "DealerKeyOffDevelopmentChain")
            .withArgs(chainId, 31_337);
        }
      });
    }

    it("accepts all others elsewhere, a β that shares half of its x with the dealer's among them (it fails for that alone)", async () => {
      const { ethers } = await network.create({ override: { chainId: 1 } });
      const registry = await ethers.deployContract("ModelRegistry");
      for (const seed of ["publish", "a", "b", "c", "d", "e"]) {
        await expect(registry.publishKey(keyOf(trapdoorOf(seed)), 1)).to.emit(registry, "KeyPublished");
      }
      // No key could have such a β, so each is refused for that.
      const [x1, x0, y1, y0] = keys.β.beta;
      for (const beta of [
        [x1, x0 + 1n, y1, y0],
        [x1, x0 - 1n, y1, y0],
        [x1 + 1n, x0, y1, y0],
        [x1 - 1n, x0, y1, y0],
      ] as G2Coordinates[]) {
        await expect(registry.publishKey({ ...KEY, beta }, 1))
          .to.be.revertedWithCustomError(registry, "G2PointInvalid")
          .withArgs(beta);
      }
    });
  });
});
