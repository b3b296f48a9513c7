import { expect } from "chai";
import { network } from "hardhat";
import type { KeyedClaim } from "./claims.ts";
import { claimOf, deployKeys, listsOf, twistPoint } from "./claims.ts";

/** What one call may cost here; nodes allow more to a call than a chain to a transaction. */
const CALL_GAS = 30_000_000n;
const connection = await network.create({ override: { transactionGasCap: CALL_GAS } });
const { networkHelpers } = connection;

/** False forms of a claim that cost most to find: the first solves nothing, the others a precompile refuses. */
const FORMS: Record<string, (claim: KeyedClaim) => KeyedClaim> = {
  "another subject": (claim) => ({ ...claim, subject: claim.inputCommitment }),
  "A off the curve": (claim) => ({ ...claim, proof: [3n, 5n, ...claim.proof.slice(2)] }),
  "B off the curve": (claim) => withB(claim, [3n, 5n, 7n, 11n]),
  "B off the subgroup": (claim) => withB(claim, twistPoint(1n)),
  "C off the curve": (claim) => ({ ...claim, proof: [...claim.proof.slice(0, 6), 3n, 5n] }),
  "C at infinity": (claim) => ({ ...claim, proof: [...claim.proof.slice(0, 6), 0n, 0n] }),
};

const withB = (claim: KeyedClaim, b: readonly bigint[]): KeyedClaim => ({
  ...claim,
  proof: [...claim.proof.slice(0, 2), ...b, ...claim.proof.slice(6)],
});

async function deployClaims() {
  const { registry, keys } = await deployKeys(connection, 2);
  const claims = Array.from({ length: 32 }, (_, index) => claimOf(keys[index % 2], index));
  const findInvalid = async (batch: readonly KeyedClaim[]): Promise<number[]> =>
    (await registry.findInvalid(...listsOf(batch), { gasLimit: CALL_GAS })).map(Number);
  /** The claims with those at `positions` falsified, each in another way where there are several. */
  const withFalse = (positions: readonly number[], forms: readonly string[]): KeyedClaim[] =>
    claims.map((claim, index) => {
      const order = positions.indexOf(index);
      return order === -1 ? claim : FORMS[forms[order % forms.length]](claim);
    });
  return { registry, keys, claims, findInvalid, withFalse };
}
const deployed = () => networkHelpers.loadFixture(deployClaims);

describe("findInvalid, of 32 claims within 30 million gas,", () => {
  it("finds none where the batch holds", async () => {
    const { registry, claims, findInvalid } = await deployed();
    await registry.verifyBatch(...listsOf(claims));
    expect(await findInvalid(claims)).to.deep.equal([]);
    expect(await findInvalid(claims.slice(0, 1))).to.deep.equal([]);
  });

  it("finds one wherever it is, whatever is wrong", async () => {
    const { findInvalid, withFalse } = await deployed();
    for (let position = 0; position < 32; position++) {
      expect(await findInvalid(withFalse([position], ["another subject"]))).to.deep.equal([position]);
    }
    for (const form of Object.keys(FORMS)) {
      for (const position of [0, 13, 31]) {
        expect(await findInvalid(withFalse([position], [form])), form).to.deep.equal([position]);
      }
    }
  }).timeout(240_000);

  it("finds several, of one form or of different ones, in ascending order", async () => {
    const { findInvalid, withFalse } = await deployed();
    const names = Object.keys(FORMS);
    for (const positions of [
      [0, 1],
      [0, 31],
      [15, 16],
      [3, 4, 5, 21],
      [1, 2, 4, 8, 16, 31],
    ]) {
      for (const forms of [["another subject"], ["B off the subgroup", "another subject"], names]) {
        expect(await findInvalid(withFalse(positions, forms))).to.deep.equal(positions);
      }
    }
  });

  it("finds all where all are false", async () => {
    const { findInvalid, withFalse } = await deployed();
    const all = Array.from({ length: 32 }, (_, index) => index);
    for (const forms of [...Object.keys(FORMS).map((form) => [form]), Object.keys(FORMS)]) {
      expect(await findInvalid(withFalse(all, forms)), String(forms)).to.deep.equal(all);
    }
  });

  it("is right for every pattern of five", async () => {
    const { claims, findInvalid, withFalse } = await deployed();
    for (let pattern = 0; pattern < 32; pattern++) {
      const positions = [0, 1, 2, 3, 4].filter((index) => (pattern >> index) % 2 === 1);
      const batch = withFalse(positions, ["another subject", "C off the curve"]).slice(0, 5);
      expect(await findInvalid(batch)).to.deep.equal(positions);
    }
    expect(claims).to.have.length(32);
  });

  it("finds one in 128", async () => {
    const { keys, findInvalid } = await deployed();
    const claims = Array.from({ length: 128 }, (_, index) => claimOf(keys[index % 2], index));
    for (const position of [0, 77, 127]) {
      const batch = claims.map((claim, index) => (index === position ? FORMS["another subject"](claim) : claim));
      expect(await findInvalid(batch)).to.deep.equal([position]);
    }
  });
});
