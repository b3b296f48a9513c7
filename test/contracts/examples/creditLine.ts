import { expect } from "chai";
import { Signature, TypedDataEncoder, ZeroAddress, getBytes, hexlify, type Signer } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { packWords } from "../../../src/codec/codec.ts";
import { keyIdOf, modelIdOf, toBytes32, type Hex } from "../../../src/codec/statement.ts";
import { keyOf, mintStatement, trapdoorOf } from "../../fixtures/mint.ts";
import { NO_ONE, REGISTER, commitmentTo, deployMarket } from "../market.ts";
import { ATTESTATION_TYPES, attestationDomain, subjectOf } from "./requests.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const MAX_LIMIT = 1_000_000_000n;
const MAX_RISK_BPS = 4_000n;
const LIFE = 30 * 86_400;
const INPUT = toBytes32(4_711n);
/** Order of the group of ECDSA's curve. */
const SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The model's output: label, then the probabilities of good and bad. */
const OUTPUT_CODEC = [
  { name: "label", shape: [1], bits: 1, signed: false, scale: 1 },
  { name: "probabilities", shape: [1, 2], bits: 9, signed: false, scale: 1 },
];
const wordsOf = (label: bigint, good: bigint, bad: bigint): bigint[] => packWords(OUTPUT_CODEC, [[label], [good, bad]]);
/** A good risk of 1,500 basis points. */
const GOOD = wordsOf(0n, 340n, 60n);
const GOOD_LIMIT = (MAX_LIMIT * (MAX_RISK_BPS - 1_500n)) / MAX_RISK_BPS;

async function deployWith(tokenName: "TestToken" | "HookToken" | "FeeOnTransferToken") {
  const base = await deployMarket(connection);
  const { settlements, modelId, keyId, chainId, mintFor, provider: lender } = base;
  const [, , , , , issuer, borrower, other] = await ethers.getSigners();
  const token = await ethers.deployContract(tokenName as "HookToken");
  const terms = { modelId, issuer: issuer.address, maxLimit: MAX_LIMIT, maxRiskBps: MAX_RISK_BPS };
  const credit = await ethers.deployContract("CreditLine", [settlements, terms, token, lender]);
  await token.mint(credit, 10n * MAX_LIMIT);
  const expiry = (await networkHelpers.time.latest()) + LIFE;
  const consumer = await credit.getAddress();
  const settlementRegistry = await settlements.getAddress();

  const attestation = { keyId, holder: borrower.address, inputCommitment: INPUT, expiry };
  const domain = attestationDomain(chainId, consumer);
  /** The issuer's signature, or another's, with any part replaced. */
  const attest = (changes: Partial<typeof attestation> = {}, by: Signer = issuer, changed: object = {}): Promise<Hex> =>
    by.signTypedData({ ...domain, ...changed }, ATTESTATION_TYPES, { ...attestation, ...changes });
  const digestOf = (changes: Partial<typeof attestation> = {}, changed: object = {}): Hex =>
    TypedDataEncoder.hash({ ...domain, ...changed }, ATTESTATION_TYPES, { ...attestation, ...changes });
  const subjectFor = (request: Hex, changes: object = {}): Hex =>
    subjectOf({ chainId, settlementRegistry, consumer, request, ...changes });
  const prove = (words = GOOD, changes: Partial<typeof attestation> = {}): bigint[] =>
    mintFor(subjectFor(digestOf(changes)), words, changes.inputCommitment ?? INPUT);
  const openGood = async () => credit.connect(borrower).open(INPUT, expiry, await attest(), GOOD, prove());
  return {
    ...base,
    token,
    terms,
    credit: credit.connect(borrower),
    issuer,
    borrower,
    other,
    lender,
    expiry,
    attest,
    digestOf,
    subjectFor,
    prove,
    openGood,
  };
}

const deploy = () => deployWith("TestToken");
const deployOpen = async () => {
  const base = await deploy();
  await base.openGood();
  return base;
};
const withHooks = async () => {
  const base = await deployWith("HookToken");
  await base.openGood();
  return base;
};
const withTokenFees = async () => {
  const base = await deployWith("FeeOnTransferToken");
  await base.openGood();
  return base;
};

describe("CreditLine", () => {
  describe("open", () => {
    it("opens the line that the proven output gives, until the attestation ends", async () => {
      const base = await networkHelpers.loadFixture(deploy);
      const { credit, borrower, expiry, attest, digestOf, subjectFor, prove } = base;
      expect(await credit.attestationOf(borrower, INPUT, expiry)).to.equal(digestOf());
      expect(await credit.subjectOf(borrower, INPUT, expiry)).to.equal(subjectFor(digestOf()));
      expect(await credit.limitOf(borrower)).to.equal(0n);
      await expect(credit.open(INPUT, expiry, await attest(), GOOD, prove()))
        .to.emit(credit, "LineOpened")
        .withArgs(borrower.address, digestOf(), GOOD_LIMIT, expiry);
      expect(await credit.limitOf(borrower)).to.equal(GOOD_LIMIT);
      await networkHelpers.time.increaseTo(expiry - 1);
      expect(await credit.limitOf(borrower)).to.equal(GOOD_LIMIT);
      await networkHelpers.time.increaseTo(expiry);
      expect(await credit.limitOf(borrower)).to.equal(0n);
    });

    it("takes no inputs that the borrower picked, however well they are proven", async () => {
      const { credit, issuer, borrower, expiry, attest, prove, digestOf } = await networkHelpers.loadFixture(deploy);
      const inputCommitment = toBytes32(4_712n);
      const proof = prove(GOOD, { inputCommitment });
      for (const signature of [await attest({ inputCommitment }, borrower), await attest(), "0x", "0x1234"]) {
        await expect(credit.open(inputCommitment, expiry, signature, GOOD, proof))
          .to.be.revertedWithCustomError(credit, "InvalidSignature")
          .withArgs(issuer.address, digestOf({ inputCommitment }));
      }
    });

    it("takes no attestation of another borrower, consumer, chain, key, input or end, nor one without its domain", async () => {
      const { credit, issuer, other, expiry, attest, prove, digestOf } = await networkHelpers.loadFixture(deploy);
      const attacks: Record<string, Promise<Hex>> = {
        "another borrower": attest({ holder: other.address }),
        "another consumer": attest({}, issuer, { verifyingContract: NO_ONE }),
        "another chain": attest({}, issuer, { chainId: 1n }),
        "another name": attest({}, issuer, { name: "Tollgate" }),
        "another version": attest({}, issuer, { version: "2" }),
        "another key": attest({ keyId: toBytes32(1n) }),
        "another input": attest({ inputCommitment: toBytes32(1n) }),
        "another end": attest({ expiry: expiry - 1 }),
        "another issuer": attest({}, other),
        "a plain message": issuer.signMessage(getBytes(digestOf())),
      };
      for (const [name, signature] of Object.entries(attacks)) {
        await expect(credit.open(INPUT, expiry, await signature, GOOD, prove()), name)
          .to.be.revertedWithCustomError(credit, "InvalidSignature")
          .withArgs(issuer.address, digestOf());
      }
      // The attested borrower's own call fits, so it is the signature that failed above.
      const proof = prove(GOOD, { holder: other.address });
      await credit.connect(other).open(INPUT, expiry, await attest({ holder: other.address }), GOOD, proof);
    });

    it("takes no second encoding of a signature", async () => {
      const { credit, expiry, attest, prove } = await networkHelpers.loadFixture(deploy);
      const signature = await attest();
      const { r, s, v } = Signature.from(signature);
      const highS = toBytes32(SECP256K1_ORDER - BigInt(s));
      const malleable = `${r}${highS.slice(2)}${(v === 27 ? 28 : 27).toString(16)}`;
      for (const encoding of [malleable, `${signature}00`, hexlify(getBytes(signature).slice(0, 64))]) {
        await expect(credit.open(INPUT, expiry, encoding, GOOD, prove())).to.be.revertedWithCustomError(
          credit,
          "InvalidSignature",
        );
      }
      await credit.open(INPUT, expiry, signature, GOOD, prove());
    });

    it("takes an attestation up to its end, and none without one", async () => {
      const { credit, expiry, attest, prove } = await networkHelpers.loadFixture(deploy);
      const signature = await attest();
      const start = await networkHelpers.takeSnapshot();
      await networkHelpers.time.setNextBlockTimestamp(expiry - 1);
      await credit.open(INPUT, expiry, signature, GOOD, prove());
      await start.restore();
      await networkHelpers.time.setNextBlockTimestamp(expiry);
      await expect(credit.open(INPUT, expiry, signature, GOOD, prove()))
        .to.be.revertedWithCustomError(credit, "AttestationExpired")
        .withArgs(expiry, expiry);
      const never = await attest({ expiry: 0 });
      await expect(credit.open(INPUT, 0, never, GOOD, prove(GOOD, { expiry: 0 }))).to.be.revertedWithCustomError(
        credit,
        "AttestationExpired",
      );
    });

    it("gives one line at a time, and none twice by one attestation", async () => {
      const base = await networkHelpers.loadFixture(deployOpen);
      const { credit, borrower, expiry, attest, prove } = base;
      const later = expiry + LIFE;
      const renewal = { expiry: later, inputCommitment: toBytes32(4_712n) };
      const better = wordsOf(0n, 400n, 0n);
      const openLater = async () =>
        credit.open(renewal.inputCommitment, later, await attest(renewal), better, prove(better, renewal));
      for (const again of [async () => credit.open(INPUT, expiry, await attest(), GOOD, prove()), openLater]) {
        const now = (await networkHelpers.time.latest()) + 10;
        await networkHelpers.time.setNextBlockTimestamp(now);
        await expect(again()).to.be.revertedWithCustomError(credit, "LineExists").withArgs(expiry, now);
      }
      const running = await networkHelpers.takeSnapshot();
      await networkHelpers.time.increaseTo(expiry);
      await expect(credit.open(INPUT, expiry, await attest(), GOOD, prove())).to.be.revertedWithCustomError(
        credit,
        "AttestationExpired",
      );
      await running.restore();
      await networkHelpers.time.setNextBlockTimestamp(expiry);
      await openLater();
      expect(await credit.limitOf(borrower)).to.equal(MAX_LIMIT);
    });

    it("takes no proof for another borrower, consumer, chain, registry, end or output", async () => {
      const base = await networkHelpers.loadFixture(deploy);
      const { credit, registry, other, expiry, attest, chainId, digestOf, subjectFor, mintFor, prove } = base;
      const attacks: Record<string, bigint[]> = {
        "another borrower": prove(GOOD, { holder: other.address }),
        "another end": prove(GOOD, { expiry: expiry + 1 }),
        "another consumer": mintFor(subjectFor(digestOf(), { consumer: NO_ONE }), GOOD, INPUT),
        "another chain": mintFor(subjectFor(digestOf(), { chainId: chainId + 1n }), GOOD, INPUT),
        "another registry": mintFor(subjectFor(digestOf(), { settlementRegistry: NO_ONE }), GOOD, INPUT),
        "the attestation itself": mintFor(digestOf(), GOOD, INPUT),
        "another input": mintFor(subjectFor(digestOf()), GOOD, toBytes32(1n)),
        "another output": prove(wordsOf(0n, 341n, 60n)),
      };
      for (const [name, proof] of Object.entries(attacks)) {
        const call = credit.open(INPUT, expiry, await attest(), GOOD, proof);
        await expect(call, name).to.be.revertedWithCustomError(registry, "InvalidProof");
      }
      for (const words of [[], [...GOOD, 0n]]) {
        await expect(credit.open(INPUT, expiry, await attest(), words, prove())).to.be.revertedWithCustomError(
          registry,
          "WordCountMismatch",
        );
      }
    });

    it("takes no proof under another model's key", async () => {
      const base = await networkHelpers.loadFixture(deploy);
      const { credit, registry, expiry, attest, digestOf, subjectFor } = base;
      const trapdoor = trapdoorOf("another model");
      const keyId = keyIdOf(keyOf(trapdoor), 1);
      await registry.publishKey(keyOf(trapdoor), 1);
      const subject = subjectFor(digestOf());
      const proof = mintStatement(trapdoor, { keyId, inputCommitment: INPUT, words: GOOD, subject });
      await expect(credit.open(INPUT, expiry, await attest(), GOOD, proof)).to.be.revertedWithCustomError(
        registry,
        "InvalidProof",
      );
    });

    it("succeeds behind a copier, who opens nothing with the borrower's calldata", async () => {
      const base = await networkHelpers.loadFixture(deploy);
      const { credit, settlements, modelId, borrower, other, expiry, attest, digestOf, subjectFor, prove } = base;
      const copied = credit.connect(other).open(INPUT, expiry, await attest(), GOOD, prove());
      await expect(copied).to.be.revertedWithCustomError(credit, "InvalidSignature");
      const subject = subjectFor(digestOf());
      await settlements.connect(other).verifyAndSettle(modelId, INPUT, GOOD, subject, prove());
      await credit.open(INPUT, expiry, await attest(), GOOD, prove());
      expect(await credit.limitOf(borrower)).to.equal(GOOD_LIMIT);
      expect(await credit.limitOf(other)).to.equal(0n);
    });

    it("refuses a deprecated model and a stopped key", async () => {
      const base = await networkHelpers.loadFixture(deploy);
      const { credit, registry, modelId, keyId, expiry, attest, prove, stopKey } = base;
      const open = async () => credit.open(INPUT, expiry, await attest(), GOOD, prove());
      const start = await networkHelpers.takeSnapshot();
      await registry.deprecateModel(modelId);
      await expect(open()).to.be.revertedWithCustomError(registry, "ModelIsDeprecated").withArgs(modelId);
      await start.restore();
      await stopKey();
      await expect(open()).to.be.revertedWithCustomError(registry, "KeyIsStopped").withArgs(keyId);
    });

    it("asks a contract that is the issuer by ERC-1271, and an account with code first by its key", async () => {
      const base = await networkHelpers.loadFixture(deploy);
      const { credit, issuer, expiry, attest, prove } = base;
      // PUSH32 magic PUSH0 MSTORE PUSH1 32 PUSH0 RETURN: answers ERC-1271's magic value to everything.
      const magic = `0x1626ba7e${"0".repeat(56)}`;
      const yes = `0x7f${magic.slice(2)}5f5260205ff3`;
      const no = `0x7f${"f".repeat(64)}5f5260205ff3`;
      const open = (signature: Hex) => credit.open(INPUT, expiry, signature, GOOD, prove());
      const start = await networkHelpers.takeSnapshot();
      await networkHelpers.setCode(issuer.address, yes);
      await open("0x");
      await start.restore();
      // Wrong answer; a revert; an answer that is too short.
      for (const code of [no, "0x5f5ffd", `0x7f${magic.slice(2)}5f5260045ff3`]) {
        await networkHelpers.setCode(issuer.address, code);
        await expect(open("0x"), code).to.be.revertedWithCustomError(credit, "InvalidSignature");
      }
      await open(await attest());
    });
  });

  describe("amountFor", () => {
    it("is linear in the risk, rounded down, and nothing from the greatest risk on", async () => {
      const { credit } = await networkHelpers.loadFixture(deploy);
      const probability = fc.bigInt({ min: 0n, max: 511n });
      const property = fc.asyncProperty(fc.boolean(), probability, probability, async (bad, good, badChance) => {
        const sum = good + badChance;
        const risk = sum === 0n ? 10_000n : (badChance * 10_000n + sum - 1n) / sum;
        const call = credit.amountFor(wordsOf(bad ? 1n : 0n, good, badChance));
        if (bad || risk >= MAX_RISK_BPS) {
          await expect(call).to.be.revertedWithCustomError(credit, "TooRisky").withArgs(bad, risk, MAX_RISK_BPS);
        } else {
          expect(await call).to.equal((MAX_LIMIT * (MAX_RISK_BPS - risk)) / MAX_RISK_BPS);
        }
      });
      const corners: [boolean, bigint, bigint][] = [
        [false, 0n, 0n],
        [false, 511n, 0n],
        [true, 511n, 0n],
        [false, 300n, 200n],
        [false, 301n, 200n],
      ];
      await fc.assert(property, { seed: 61, numRuns: 200, examples: corners });
    });

    it("keeps a line from whom the model calls bad, and leaves nothing behind", async () => {
      const base = await networkHelpers.loadFixture(deploy);
      const { credit, settlements, modelId, borrower, expiry, attest, prove, subjectFor, digestOf } = base;
      const bad = wordsOf(1n, 100n, 300n);
      await expect(credit.open(INPUT, expiry, await attest(), bad, prove(bad)))
        .to.be.revertedWithCustomError(credit, "TooRisky")
        .withArgs(true, 7_500n, MAX_RISK_BPS);
      expect(await credit.limitOf(borrower)).to.equal(0n);
      expect(await settlements.isSettled(modelId, INPUT, subjectFor(digestOf()), bad)).to.equal(false);
    });
  });

  describe("draw and repay", () => {
    it("lends up to the limit, as often as it is paid back", async () => {
      const { credit, token, borrower } = await networkHelpers.loadFixture(deployOpen);
      await token.connect(borrower).approve(credit, MAX_LIMIT);
      const [part, rest] = [GOOD_LIMIT - 1n, 1n];
      await expect(credit.draw(part)).to.emit(credit, "Drawn").withArgs(borrower.address, part);
      await expect(credit.draw(rest + 1n))
        .to.be.revertedWithCustomError(credit, "LimitExceeded")
        .withArgs(GOOD_LIMIT + 1n, GOOD_LIMIT);
      await credit.draw(rest);
      expect(await token.balanceOf(borrower)).to.equal(GOOD_LIMIT);
      await expect(credit.repay(borrower, 10n))
        .to.emit(credit, "Repaid")
        .withArgs(borrower.address, borrower.address, 10n);
      expect(await credit.debtOf(borrower)).to.equal(GOOD_LIMIT - 10n);
      await credit.draw(10n);
      expect(await credit.debtOf(borrower)).to.equal(GOOD_LIMIT);
    });

    it("lends nothing to who has no line, after its end, or of nothing", async () => {
      const { credit, other, expiry } = await networkHelpers.loadFixture(deployOpen);
      await expect(credit.connect(other).draw(1n))
        .to.be.revertedWithCustomError(credit, "LimitExceeded")
        .withArgs(1n, 0n);
      await expect(credit.draw(0n)).to.be.revertedWithCustomError(credit, "ZeroAmount");
      await expect(credit.draw((1n << 256n) - 1n)).to.be.revertedWithCustomError(credit, "LimitExceeded");
      await networkHelpers.time.setNextBlockTimestamp(expiry);
      await expect(credit.draw(1n)).to.be.revertedWithCustomError(credit, "LimitExceeded").withArgs(1n, 0n);
    });

    it("stops lending with the model's key; debts are still paid back and the lender still paid out", async () => {
      const base = await networkHelpers.loadFixture(deployOpen);
      const { credit, registry, token, borrower, lender, keyId, stopKey } = base;
      await token.connect(borrower).approve(credit, MAX_LIMIT);
      await credit.draw(100n);
      await stopKey();
      await expect(credit.draw(1n)).to.be.revertedWithCustomError(registry, "KeyIsStopped").withArgs(keyId);
      expect(await credit.limitOf(borrower)).to.equal(0n);
      await credit.repay(borrower, 100n);
      await credit.connect(lender).withdraw(lender, 10n * MAX_LIMIT);
      expect(await token.balanceOf(credit)).to.equal(0n);
    });

    it("takes a repayment from anyone, and never more than the debt", async () => {
      const { credit, token, borrower, other, expiry } = await networkHelpers.loadFixture(deployOpen);
      await credit.draw(100n);
      await token.mint(other, 1_000n);
      await token.connect(other).approve(credit, 1_000n);
      await networkHelpers.time.increaseTo(expiry);
      await expect(credit.connect(other).repay(borrower, 1_000n))
        .to.emit(credit, "Repaid")
        .withArgs(borrower.address, other.address, 100n);
      expect(await token.balanceOf(other)).to.equal(900n);
      for (const [debtor, amount] of [
        [borrower, 1n],
        [other, 1n],
      ] as const) {
        await expect(credit.repay(debtor, amount)).to.be.revertedWithCustomError(credit, "ZeroAmount");
      }
      await expect(credit.repay(borrower, 0n)).to.be.revertedWithCustomError(credit, "ZeroAmount");
    });

    it("counts a debt that outlived its line against the next", async () => {
      const { credit, borrower, expiry, attest, prove } = await networkHelpers.loadFixture(deployOpen);
      await credit.draw(GOOD_LIMIT);
      await networkHelpers.time.increaseTo(expiry);
      const renewal = { expiry: expiry + LIFE };
      await credit.open(INPUT, renewal.expiry, await attest(renewal), GOOD, prove(GOOD, renewal));
      await expect(credit.draw(1n))
        .to.be.revertedWithCustomError(credit, "LimitExceeded")
        .withArgs(GOOD_LIMIT + 1n, GOOD_LIMIT);
      expect(await credit.debtOf(borrower)).to.equal(GOOD_LIMIT);
    });

    it("cannot be entered again in a transfer", async () => {
      const { credit, token, borrower, lender } = await networkHelpers.loadFixture(withHooks);
      await token.connect(borrower).approve(credit, MAX_LIMIT);
      await credit.draw(1_000n);
      const calls = [
        credit.interface.encodeFunctionData("draw", [1n]),
        credit.interface.encodeFunctionData("repay", [borrower.address, 1n]),
        credit.interface.encodeFunctionData("withdraw", [lender.address, 1n]),
      ];
      const locked = credit.interface.getError("ReentrancyGuardReentrantCall")!.selector;
      const moves = [
        () => credit.draw(10n),
        () => credit.repay(borrower, 10n),
        () => credit.connect(lender).withdraw(lender, 10n),
      ];
      for (const data of calls) {
        await token.setHook(credit, data);
        for (const move of moves) {
          await move();
          expect([await token.hookSucceeded(), await token.hookResult()]).to.deep.equal([false, locked]);
        }
      }
      expect(await credit.debtOf(borrower)).to.equal(1_000n);
    });

    it("shows the new debt and limit while tokens move", async () => {
      const { credit, token, borrower } = await networkHelpers.loadFixture(withHooks);
      await token.setHook(credit, credit.interface.encodeFunctionData("debtOf", [borrower.address]));
      await credit.draw(1_000n);
      expect(await token.hookResult()).to.equal(toBytes32(1_000n));
    });

    it("refuses a token of which less arrives than was paid, and the debt stays", async () => {
      const { credit, token, borrower } = await networkHelpers.loadFixture(withTokenFees);
      await token.connect(borrower).approve(credit, MAX_LIMIT);
      await credit.draw(1_000n);
      await (await ethers.getContractAt("FeeOnTransferToken", token)).setFees(100, 0);
      await expect(credit.repay(borrower, 1_000n))
        .to.be.revertedWithCustomError(credit, "TransferNotExact")
        .withArgs(990n, 1_000n);
      expect(await credit.debtOf(borrower)).to.equal(1_000n);
    });
  });

  it("pays tokens out to the lender only", async () => {
    const { credit, token, borrower, lender, other } = await networkHelpers.loadFixture(deployOpen);
    await expect(credit.withdraw(borrower, 1n))
      .to.be.revertedWithCustomError(credit, "NotLender")
      .withArgs(borrower.address, lender.address);
    await credit.connect(lender).withdraw(other, 5n);
    expect(await token.balanceOf(other)).to.equal(5n);
  });

  it("is deployed only with terms that make sense and a model of one word", async () => {
    const { credit, settlements, registry, token, terms, lender, client, chainId, issuer } =
      await networkHelpers.loadFixture(deploy);
    const factory = await ethers.getContractFactory("CreditLine");
    for (const changes of [{ issuer: ZeroAddress }, { maxLimit: 0n }, { maxRiskBps: 0n }, { maxRiskBps: 10_001n }]) {
      const wrong = { ...terms, ...changes };
      await expect(factory.deploy(settlements, wrong, token, lender))
        .to.be.revertedWithCustomError(credit, "TermsInvalid")
        .withArgs(wrong.issuer, wrong.maxLimit, wrong.maxRiskBps);
    }
    for (const [asset, owner] of [
      [ZeroAddress, issuer.address],
      [await token.getAddress(), ZeroAddress],
    ]) {
      await expect(factory.deploy(settlements, terms, asset, owner)).to.be.revertedWithCustomError(
        credit,
        "ZeroAddress",
      );
    }
    await factory.deploy(settlements, { ...terms, maxLimit: 1n, maxRiskBps: 10_000n }, token, lender);
    const unknown = factory.deploy(settlements, { ...terms, modelId: 1n }, token, lender);
    await expect(unknown).to.be.revertedWithCustomError(registry, "ModelNotFound");
    const twoWords = keyOf(trapdoorOf("market"));
    const commitment = commitmentTo(keyIdOf(twoWords, 2));
    await registry.publishKey(twoWords, 2);
    await registry[REGISTER](commitment);
    const modelId = modelIdOf(chainId, await registry.getAddress(), client.address, commitment, 0, ZeroAddress);
    await expect(factory.deploy(settlements, { ...terms, modelId }, token, lender))
      .to.be.revertedWithCustomError(registry, "WordCountMismatch")
      .withArgs(2, 1);
  });
});
