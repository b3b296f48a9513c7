import { expect } from "chai";
import { ZeroAddress, getCreate2Address, keccak256 } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { POSEIDON_BY_INPUTS, deployPoseidon } from "../../../src/chain/deployPoseidon.ts";
import { type CodecTensor, highest, lowest, packWords, unpackWords } from "../../../src/codec/codec.ts";
import { commit } from "../../../src/codec/commitment.ts";
import { toBytes32 } from "../../../src/codec/statement.ts";
import { SCALAR_ORDER } from "../../../src/field.ts";
import { subjectOf } from "./requests.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const INPUT_COUNTS = [2, 3, 4, 5] as const;
/** Widths that meet a word's end in every way: dividing 253 (11, 23), larger than half of it, the widest. */
const EDGE_WIDTHS = [1, 8, 11, 23, 126, 127, 251, 252];

async function deploy() {
  const [payer] = await ethers.getSigners();
  for (const inputs of INPUT_COUNTS) await deployPoseidon(payer, inputs);
  return { payer, libraries: await ethers.deployContract("ConsumerLibraries") };
}

/** A codec of one to three tensors with elements within range, the extremes often among them. */
const codecAndElements = fc
  .array(
    fc.record({
      bits: fc.oneof(fc.constantFrom(...EDGE_WIDTHS), fc.integer({ min: 1, max: 252 })),
      signed: fc.boolean(),
      length: fc.integer({ min: 1, max: 30 }),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .chain((tensors) =>
    fc.tuple(
      ...tensors.map(({ bits, signed, length }, index) => {
        const tensor: CodecTensor = { name: `tensor ${index}`, shape: [length], bits, signed, scale: 1 };
        const element = fc.bigInt({ min: lowest(tensor), max: highest(tensor) });
        return fc.array(element, { minLength: length, maxLength: length }).map((values) => ({ tensor, values }));
      }),
    ),
  );

const toCall = (drawn: readonly { tensor: CodecTensor; values: readonly bigint[] }[]) =>
  drawn.map(({ tensor, values }) => ({ elementBits: tensor.bits, signed: tensor.signed, elements: [...values] }));

describe("consumers' libraries", () => {
  describe("WordsLib", () => {
    it("packs and reads the elements of any codec as src/codec does", async () => {
      const { libraries } = await networkHelpers.loadFixture(deploy);
      const property = fc.asyncProperty(codecAndElements, async (drawn) => {
        const codec = drawn.map(({ tensor }) => tensor);
        const words = packWords(
          codec,
          drawn.map(({ values }) => values),
        );
        expect(await libraries.pack(toCall(drawn))).to.deep.equal(words);
        expect(await libraries.unpack(words, toCall(drawn))).to.deep.equal(unpackWords(codec, words));
      });
      await fc.assert(property, { seed: 41, numRuns: 150 });
    });

    it("refuses an element that does not fit, at both ends of every width", async () => {
      const { libraries } = await networkHelpers.loadFixture(deploy);
      for (const elementBits of EDGE_WIDTHS) {
        const max = (1n << BigInt(elementBits)) - 1n;
        await expect(libraries.pack([{ elementBits, signed: false, elements: [max + 1n] }]))
          .to.be.revertedWithCustomError(libraries, "ElementTooLarge")
          .withArgs(max + 1n, max);
        const half = 1n << BigInt(elementBits - 1);
        for (const element of [half, -half - 1n, (1n << 255n) - 1n, -(1n << 255n)]) {
          await expect(libraries.pack([{ elementBits, signed: true, elements: [element] }]))
            .to.be.revertedWithCustomError(libraries, "ElementOutOfRange")
            .withArgs(element, -half, half - 1n);
        }
      }
    });

    it("refuses widths that no codec has, and words that are not there", async () => {
      const { libraries } = await networkHelpers.loadFixture(deploy);
      for (const elementBits of [0, 253]) {
        const tensor = { elementBits, signed: false, elements: [0n] };
        for (const call of [() => libraries.pack([tensor]), () => libraries.unpack([0n], [tensor])]) {
          await expect(call()).to.be.revertedWithCustomError(libraries, "WidthOutOfRange").withArgs(elementBits, 252n);
        }
      }
      const twoWords = { elementBits: 200, signed: false, elements: [1n, 2n] };
      await expect(libraries.unpack([1n], [twoWords])).to.be.revertedWithPanic(0x32);
    });
  });

  describe("InputCommitmentLib", () => {
    it("commits to one to four words as src/codec does", async () => {
      const { libraries } = await networkHelpers.loadFixture(deploy);
      const element = fc.oneof(
        fc.constantFrom(0n, 1n, SCALAR_ORDER - 1n),
        fc.bigInt({ min: 0n, max: SCALAR_ORDER - 1n }),
      );
      const property = fc.asyncProperty(
        element,
        fc.array(element, { minLength: 1, maxLength: 4 }),
        async (salt, words) => {
          expect(await libraries.commit(salt, words)).to.equal(toBytes32(commit(salt, words)));
        },
      );
      await fc.assert(property, { seed: 42, numRuns: 100 });
    });

    it("refuses the salt or a word plus r, which would hash to the same", async () => {
      const { libraries } = await networkHelpers.loadFixture(deploy);
      for (const inputs of INPUT_COUNTS) {
        for (let index = 0; index < inputs; index++) {
          const message = Array<bigint>(inputs).fill(7n);
          for (const wrong of [SCALAR_ORDER, SCALAR_ORDER + 7n, (1n << 256n) - 1n]) {
            message[index] = wrong;
            await expect(libraries.commit(message[0], message.slice(1)))
              .to.be.revertedWithCustomError(libraries, "ElementNotInField")
              .withArgs(index, wrong, SCALAR_ORDER - 1n);
          }
        }
      }
    });

    it("reverts where the hash is not deployed", async () => {
      const libraries = await ethers.deployContract("ConsumerLibraries");
      const { address } = POSEIDON_BY_INPUTS[2];
      const code = await ethers.provider.getCode(address);
      await networkHelpers.setCode(address, "0x");
      await expect(libraries.commit(0n, [1n])).to.be.revertedWithoutReason(ethers);
      await networkHelpers.setCode(address, code);
    });

    it("calls addresses that the published code derives, deployable by anyone and only once", async () => {
      const { payer } = await networkHelpers.loadFixture(deploy);
      for (const inputs of INPUT_COUNTS) {
        const { proxyAddress, salt, bytecode } = POSEIDON_BY_INPUTS[inputs];
        const address = getCreate2Address(proxyAddress, salt, keccak256(bytecode));
        const height = await ethers.provider.getBlockNumber();
        expect(await deployPoseidon(payer, inputs)).to.equal(address);
        expect(await ethers.provider.getBlockNumber()).to.equal(height);
      }
    });
  });

  describe("RequestLib", () => {
    it("makes the EIP-712 struct hash of chain, settlement registry, consumer and request", async () => {
      const { libraries } = await networkHelpers.loadFixture(deploy);
      const { chainId } = await ethers.provider.getNetwork();
      const consumer = await libraries.getAddress();
      const [settlementRegistry, request] = [ethers.Wallet.createRandom().address, toBytes32(99n)];
      const wanted = { chainId, settlementRegistry, consumer, request };
      const subject = await libraries.subjectOf(settlementRegistry, request);
      expect(subject).to.equal(subjectOf(wanted));
      const others = [
        { ...wanted, chainId: chainId + 1n },
        { ...wanted, settlementRegistry: ZeroAddress },
        { ...wanted, consumer: ZeroAddress },
        { ...wanted, request: toBytes32(98n) },
      ].map(subjectOf);
      expect(new Set([subject, ...others]).size).to.equal(5);
    });

    it("names the chain as it calls itself", async () => {
      const elsewhere = await network.create({ override: { chainId: 10 } });
      const libraries = await elsewhere.ethers.deployContract("ConsumerLibraries");
      const consumer = await libraries.getAddress();
      const wanted = { chainId: 10n, settlementRegistry: ZeroAddress, consumer, request: toBytes32(99n) };
      expect(await libraries.subjectOf(ZeroAddress, wanted.request)).to.equal(subjectOf(wanted));
      await elsewhere.close();
    });

    it("refuses a request without a hash", async () => {
      const { libraries } = await networkHelpers.loadFixture(deploy);
      await expect(libraries.subjectOf(ZeroAddress, toBytes32(0n))).to.be.revertedWithCustomError(
        libraries,
        "ZeroRequest",
      );
    });
  });
});
