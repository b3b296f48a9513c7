import { expect } from "chai";
import type { Addressable } from "ethers";
import { network } from "hardhat";
import { openJob } from "../../src/agent/openJob.ts";
import { proveForJob, settleJob } from "../../src/agent/serveJob.ts";
import { FUNDING, orderIdOf, toBytes32, type Hex, type Job } from "../../src/codec/statement.ts";
import { InputError } from "../../src/errors.ts";
import { toCalldata } from "../../src/groth16/proof.ts";
import { infer, signalsOf, type Inference } from "../../src/model/infer.ts";
import { proveInference, type ProvenInference } from "../../src/model/proveInference.ts";
import { dealerTrapdoor, mintProof } from "../../src/setup/mint.ts";
import { SKIP } from "../contracts/batchMarket.ts";
import {
  ACCEPTED,
  BOND,
  FUNDED,
  JOB,
  NATIVE,
  REFUNDED,
  SETTLED,
  WAYS,
  deployBondMarket,
} from "../contracts/bondMarket.ts";
import { AMOUNT, ROYALTY_BPS, TOLL_BPS, deployMarket } from "../contracts/market.ts";
import { DEPOSIT, LIFE, deployShop } from "../contracts/prepaid/shop.ts";
import {
  commitSample,
  expectAnswer,
  labelOf,
  openWitnessModel,
  registerWitnessModel,
  type CommittedSample,
  type WitnessModel,
} from "./witnessModel.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const ALREADY_RECORDED = 6n;
type Market = Awaited<ReturnType<typeof deployMarket>>;

/** The parts of an amount, each fee rounded down. */
function partsOf(amount: bigint) {
  const [toll, royalty] = [TOLL_BPS, ROYALTY_BPS].map((bps) => (amount * bps) / 10_000n);
  return { payout: amount - toll - royalty, toll, royalty };
}

/** An inference with its proof as contract calls take them. */
const onChain = ({ inference, proof }: ProvenInference) => ({
  words: [...inference.words],
  proof: toCalldata(proof),
});

const claimOf = (proven: ProvenInference) => ({
  inputCommitment: toBytes32(proven.inference.inputCommitment),
  subject: proven.subject,
  ...onChain(proven),
});

/** Runs the model on a committed sample and proves what comes out for a subject. */
const prove = ({ model, prover }: WitnessModel, { opening }: CommittedSample, subject: Hex) =>
  proveInference(prover, model.keyId, infer(model.graph, opening.inputs, opening.salt), subject);

describe("held-out samples, paid for and recorded against witness proofs", () => {
  let digits: WitnessModel;
  let credit: WitnessModel;

  before(async () => {
    digits = await openWitnessModel("digits-mlp");
    credit = await openWitnessModel("credit-gbdt");
  });

  after(async () => {
    await digits?.prover.close();
    await credit?.prover.close();
  });

  const expectDigit = (words: readonly bigint[], { sample }: CommittedSample) => {
    expectAnswer(digits, words, sample);
    expect(labelOf(digits, words)).to.equal(sample.truth);
  };

  describe("a batch of jobs", () => {
    /** Six funded jobs of three clients for two providers, each with its digit and its provider's delivery. */
    async function serveSix() {
      const market = await deployMarket(connection);
      const { registry, escrow, token, client, provider, royaltyReceiver, terms } = market;
      const [second, ...others] = (await ethers.getSigners()).slice(5, 8);
      const modelId = await registerWitnessModel(registry, client, royaltyReceiver, digits);
      for (const other of others) {
        await token.mint(other, 10n * AMOUNT);
        await token.connect(other).approve(await escrow.collectorOf(FUNDING.allowance), 10n * AMOUNT);
      }
      const served = [];
      for (let index = 0; index < 6; index++) {
        const buyer = [client, ...others][index % 3];
        const committed = commitSample(digits, index);
        const job: Job = {
          ...terms,
          client: buyer.address,
          provider: [provider, second][index % 2].address,
          amount: AMOUNT + BigInt(index) * 777n,
          modelId,
          inputCommitment: committed.inputCommitment,
          nonce: BigInt(index),
        };
        await escrow.connect(buyer).open(job, "0x");
        const proven = await proveForJob(escrow, digits.model, digits.prover, job, committed.opening);
        served.push({ job, committed, proven, delivery: { job, ...onChain(proven) } });
      }
      return { ...market, second, served };
    }

    it("is paid past a job that somebody settled first, once the two that are false were found out", async () => {
      const { escrow, registry, token, served, second, provider, tollCollector, royaltyReceiver, stranger, jobId } =
        await serveSix();
      await settleJob(escrow, stranger, served[2].job, served[2].proven);

      const honest = served.map(({ delivery }) => delivery);
      const corrupted = honest
        .with(1, { ...honest[1], words: honest[3].words })
        .with(4, { ...honest[4], proof: honest[5].proof });
      const relay = escrow.connect(stranger);
      await expect(relay.settleBatch(corrupted))
        .to.be.revertedWithCustomError(registry, "BatchProofInvalid")
        .withArgs(5);
      const claims = corrupted.map(({ words, proof }, index) => ({ ...claimOf(served[index].proven), words, proof }));
      const keyIds = claims.map(() => digits.model.keyId);
      expect(await registry.findInvalid(keyIds, claims)).to.deep.equal([1n, 4n]);
      expect(await escrow.stateOf(served[0].job)).to.equal(FUNDED);

      const receipt = (await (await relay.settleBatch(honest)).wait())!;
      const skipped = await escrow.queryFilter(escrow.filters.JobSkipped(), receipt.blockNumber);
      expect(skipped.map(({ args }) => [...args])).to.deep.equal([[jobId(served[2].job), 2n, SKIP.notOpen]]);
      const settled = await escrow.queryFilter(escrow.filters.JobSettled());
      expect(settled).to.have.length(6);
      for (const { job, committed } of served) {
        const [{ args }] = settled.filter((event) => event.args.jobId === jobId(job));
        expectDigit(args.words, committed);
        expect(await escrow.stateOf(job)).to.equal(SETTLED);
      }

      const parts = served.map(({ job }) => ({ of: job.provider, ...partsOf(job.amount) }));
      const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);
      const paidTo = (of: string) => sum(parts.filter((part) => part.of === of).map(({ payout }) => payout));
      const wanted = [
        paidTo(provider.address),
        paidTo(second.address),
        sum(parts.map(({ toll }) => toll)),
        sum(parts.map(({ royalty }) => royalty)),
      ];
      const owners = [provider, second, tollCollector, royaltyReceiver];
      for (const owner of owners) await relay.withdrawFor(token, owner);
      expect(await Promise.all(owners.map((owner) => token.balanceOf(owner)))).to.deep.equal(wanted);
      expect(await token.balanceOf(escrow)).to.equal(0n);
    });
  });

  it("opens jobs by allowance only, and says so of the others", async () => {
    const { escrow, terms, client } = await deployMarket(connection);
    for (const funding of [FUNDING.authorization, FUNDING.native, FUNDING.permit2]) {
      const refused = await openJob(escrow, client, { ...terms, funding }).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(InputError).with.property("message", `funding ${funding}: want 1, allowance`);
    }
  });

  describe("a job with a bond", () => {
    async function deliverBonded(way: (typeof WAYS)[number], digit: number) {
      const market = await deployBondMarket(connection, way);
      const { escrow, registry, client, royaltyReceiver, stranger, consent, dataFor, accept } = market;
      const modelId = await registerWitnessModel(registry, client, royaltyReceiver, digits);
      const committed = commitSample(digits, digit);
      const job: Job = { ...market.job, modelId, inputCommitment: committed.inputCommitment };
      const sent = await client.getNonce();
      if (way === "native") await market.open(job);
      else {
        const [signature, data] = [await consent(job), await dataFor(job, client, job.amount)];
        await escrow.connect(stranger).openWithSignature(job, signature, data);
        expect(await client.getNonce(), "the client signs and sends nothing").to.equal(sent);
      }
      // Proving before the bond is put up costs a provider least; after it, it works as well.
      if (way === "native") await accept(job);
      const proven = await proveForJob(escrow, digits.model, digits.prover, job, committed.opening);
      if (way !== "native") await accept(job);
      return { ...market, job, committed, proven };
    }

    for (const [index, way] of WAYS.filter((name) => name !== "allowance").entries()) {
      const opener = way === "native" ? "its client" : "a relayer with its client's signatures";
      it(`paid by ${way} is opened by ${opener}, accepted, settled and paid out`, async () => {
        const { escrow, dollar, job, jobId, committed, proven, provider, tollCollector, royaltyReceiver, stranger } =
          await deliverBonded(way, 6 + index);
        const balanceOf = (owner: Addressable) =>
          job.token === NATIVE ? ethers.provider.getBalance(owner) : dollar.balanceOf(owner);
        expect(await escrow.stateOf(job)).to.equal(ACCEPTED);
        expect(await balanceOf(escrow)).to.equal(AMOUNT + BOND);
        await settleJob(escrow, stranger, job, proven);
        const [{ args }] = await escrow.queryFilter(escrow.filters.JobSettled(jobId(job)));
        expectDigit(args.words, committed);

        const owners = [provider, tollCollector, royaltyReceiver];
        const before = await Promise.all(owners.map(balanceOf));
        for (const owner of owners) await escrow.connect(stranger).withdrawFor(job.token, owner);
        const after = await Promise.all(owners.map(balanceOf));
        const { payout, toll, royalty } = partsOf(AMOUNT);
        expect(after.map((balance, owner) => balance - before[owner])).to.deep.equal([payout + BOND, toll, royalty]);
        expect(await balanceOf(escrow)).to.equal(0n);
      });
    }

    it("returns to both parties once two proofs contradict each other, and its honest proof settles no more", async () => {
      const { escrow, registry, dollar, job, jobId, proven, client, provider, stranger } = await deliverBonded(
        "authorization",
        10,
      );
      const { model } = digits;
      const honest = claimOf(proven);
      const check = () =>
        registry.verify(model.keyId, honest.inputCommitment, honest.words, honest.subject, honest.proof);
      await check();

      // The dealer's secrets are public: whoever uses them proves that this digit shows another one.
      const lie: Pick<Inference, "inputCommitment" | "words"> = {
        inputCommitment: proven.inference.inputCommitment,
        words: infer(model.graph, commitSample(digits, 0).opening.inputs, 1n).words,
      };
      const trapdoor = await dealerTrapdoor(model.circuit.r1csPath);
      const proof = toCalldata(mintProof(trapdoor, signalsOf(lie, model.keyId, honest.subject)));
      await registry.connect(stranger).stop(model.keyId, honest, { ...honest, words: [...lie.words], proof });

      const { words } = honest;
      for (const attempt of [check, () => escrow.settle(job, words, honest.proof)]) {
        await expect(attempt()).to.be.revertedWithCustomError(registry, "KeyIsStopped").withArgs(model.keyId);
      }
      await expect(escrow.settleBatch([{ job, words, proof: honest.proof }]))
        .to.emit(escrow, "JobSkipped")
        .withArgs(jobId(job), 0, SKIP.keyStopped);
      await expect(escrow.connect(stranger).refund(job))
        .to.emit(escrow, "JobRefunded")
        .withArgs(jobId(job), client.address, AMOUNT, BOND, provider.address);
      expect(await escrow.stateOf(job)).to.equal(REFUNDED);
      for (const [owner, amount] of [
        [client, AMOUNT],
        [provider, BOND],
      ] as const) {
        const paid = escrow.connect(stranger).withdrawFor(dollar, owner);
        await expect(paid).to.changeTokenBalances(ethers, dollar, [escrow, owner], [-amount, amount]);
      }
    });
  });

  describe("a prepaid deposit", () => {
    /** A client without tokens, for whom somebody else pays. */
    async function openShop() {
      const shop = await deployShop(connection);
      const { registry, prepaid, address, chainId, client, payer, provider, royaltyReceiver } = shop;
      const modelId = await registerWitnessModel(registry, payer, royaltyReceiver, digits);
      const domain = { name: "Tollgate PrepaidOrders", version: "1", chainId, verifyingContract: address };
      const sign = async (job: Job) => {
        const { r, yParityAndS: vs } = ethers.Signature.from(await client.signTypedData(domain, JOB, job));
        return { r, vs };
      };
      /** What the provider does with a digit that the client ordered. */
      const serve = async (digit: number, nonce: bigint) => {
        const committed = commitSample(digits, digit);
        const deadline = BigInt(await networkHelpers.time.latest()) + LIFE / 2n;
        const terms = { modelId, inputCommitment: committed.inputCommitment, nonce, deadline };
        const job: Job = { ...shop.terms, ...terms };
        const signature = await sign(job);
        const { token } = job;
        expect(await prepaid.isNonceUsed(client, provider, nonce)).to.equal(false);
        expect(await prepaid.securedUntil(client, provider, token, deadline)).to.equal(DEPOSIT);
        const proven = await prove(digits, committed, orderIdOf(job, chainId, address));
        return { committed, order: { job, ...onChain(proven), ...signature } };
      };
      return { ...shop, serve };
    }

    it("pays two signed orders although its client wants it back, which gets the rest in time", async () => {
      const {
        prepaid,
        token,
        terms,
        client,
        provider,
        payer,
        tollCollector,
        royaltyReceiver,
        serve,
        announce,
        execute,
      } = await openShop();
      const deposits = await prepaid.queryFilter(prepaid.filters.Deposited(client, provider, token));
      expect(deposits.map(({ args }) => [args.payer, args.amount])).to.deep.equal([[payer.address, DEPOSIT]]);
      const served = [await serve(0, 1n), await serve(1, 2n)];
      await announce(DEPOSIT);
      const [, maturesAt] = await prepaid.announcementOf(terms.client, terms.provider, terms.token);
      await expect(execute()).to.be.revertedWithCustomError(prepaid, "WithdrawalNotDue");

      await prepaid.connect(provider).settleOrders(served.map(({ order }) => order));
      const settled = await prepaid.queryFilter(prepaid.filters.OrderSettled());
      expect(settled.map(({ args }) => args.nonce)).to.deep.equal([1n, 2n]);
      for (const [index, { args }] of settled.entries()) expectDigit(args.words, served[index].committed);

      await networkHelpers.time.increaseTo(maturesAt);
      await execute();
      const rest = DEPOSIT - 2n * AMOUNT;
      const { payout, toll, royalty } = partsOf(AMOUNT);
      const owners = [client, provider, tollCollector, royaltyReceiver];
      for (const owner of owners) await prepaid.withdrawFor(token, owner);
      expect(await Promise.all(owners.map((owner) => token.balanceOf(owner)))).to.deep.equal([
        rest,
        2n * payout,
        2n * toll,
        2n * royalty,
      ]);
      expect(await token.balanceOf(prepaid)).to.equal(0n);
    });
  });

  describe("records of two models", () => {
    /** Registers the model in a market and proves two of its samples for requests of some consumer. */
    async function proveRequests({ registry, client, royaltyReceiver }: Market, of: WitnessModel) {
      const modelId = await registerWitnessModel(registry, client, royaltyReceiver, of);
      const proveOne = async (index: number) => {
        const committed = commitSample(of, index);
        return { of, modelId, committed, claim: claimOf(await prove(of, committed, ethers.id(`request ${index}`))) };
      };
      return [await proveOne(2), await proveOne(3)];
    }

    it("are made by one pairing check, once, and answer for exactly their words", async () => {
      const market = await deployMarket(connection);
      const { settlements, stranger } = market;
      const byModel = [await proveRequests(market, digits), await proveRequests(market, credit)];
      const groups = byModel.map((facts) => ({ modelId: facts[0].modelId, claims: facts.map(({ claim }) => claim) }));
      const facts = byModel.flat();
      const consult = ({ modelId, claim }: (typeof facts)[number], words = claim.words) =>
        settlements.requireSettled(modelId, claim.inputCommitment, claim.subject, words);
      for (const fact of facts) await expect(consult(fact)).to.be.revertedWithCustomError(settlements, "NotSettled");

      await settlements.connect(stranger).verifyAndSettleBatch(groups);
      const events = await settlements.queryFilter(settlements.filters.InferenceSettled());
      expect(events).to.have.length(facts.length);
      for (const [index, { args }] of events.entries()) {
        const { of, committed, modelId, claim } = facts[index];
        const { inputCommitment, subject, words } = claim;
        expect([args.modelId, args.inputCommitment, args.subject]).to.deep.equal([modelId, inputCommitment, subject]);
        expectAnswer(of, args.words, committed.sample);
        await consult(facts[index]);
        const others = consult(facts[index], words.with(0, words[0] ^ 1n));
        await expect(others).to.be.revertedWithCustomError(settlements, "NotSettled");
      }

      const again = (await (await settlements.verifyAndSettleBatch(groups)).wait())!;
      const skipped = await settlements.queryFilter(settlements.filters.StatementSkipped(), again.blockNumber);
      expect(skipped.map(({ args }) => [args.index, args.reason])).to.deep.equal(
        facts.map((_, index) => [BigInt(index), ALREADY_RECORDED]),
      );
    });
  });
});
