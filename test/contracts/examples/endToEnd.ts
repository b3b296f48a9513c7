import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";
import type { CreditLine, SettlementRegistry } from "../../../build/hardhat/types/index.ts";
import { registerModel } from "../../../src/chain/deploy.ts";
import { deployPoseidon } from "../../../src/chain/deployPoseidon.ts";
import { unpackWords } from "../../../src/codec/codec.ts";
import { randomSalt } from "../../../src/codec/commitment.ts";
import { toBytes32 } from "../../../src/codec/statement.ts";
import { toCalldata } from "../../../src/groth16/proof.ts";
import { createProver, type Prover } from "../../../src/groth16/prover.ts";
import { encodeInputs } from "../../../src/ir/encodeInputs.ts";
import { compileModel, emitModel } from "../../../src/model/compileModel.ts";
import { readHeldOut } from "../../../src/model/heldOut.ts";
import { quantiseModel, readGraph } from "../../../src/model/importModel.ts";
import { infer } from "../../../src/model/infer.ts";
import { readModelFiles } from "../../../src/model/modelFiles.ts";
import { proveInference } from "../../../src/model/proveInference.ts";
import { setupModel } from "../../../src/model/setupModel.ts";
import { projectPath } from "../../../src/paths.ts";
import { ATTESTATION_TYPES, attestationDomain } from "./requests.ts";
import { DAY, WINDOW, closesOf } from "./volatility.ts";

const { ethers, networkHelpers } = await network.create();

/** Fee that a forecast of one basis point a day gives, in pips. */
const PIPS_PER_BP = 40;
const FLOOR_PIPS = 500n;
const CAP_PIPS = 20_000n;
const RESERVE = 1_000_000_000_000n;
const MAX_LIMIT = 1_000_000_000n;
const MAX_RISK_BPS = 5_000n;

/** A shipped model with its development key and a prover, registered at registries of its own. */
async function openModel(name: string) {
  const cacheRoot = projectPath("build/cache");
  const files = await readModelFiles(projectPath(`circuits/models/${name}`));
  const { graph } = quantiseModel(files, await readGraph(files, {}), {});
  const model = await setupModel(await compileModel(emitModel(graph), cacheRoot), cacheRoot);
  const prover = await createProver({ ...model.circuit, zkeyPath: model.zkeyPath });
  const [owner] = await ethers.getSigners();
  const registry = await ethers.deployContract("ModelRegistry");
  const settlements = await ethers.deployContract("SettlementRegistry", [registry]);
  const record = await registerModel(registry, owner, model, "", { royaltyBps: 0, royaltyTo: ZeroAddress });
  return { model, prover, settlements, modelId: BigInt(record.modelId) };
}

/** A pool with a fee source of its own whose rate is made of the forecast's scale. */
async function deployPool(settlements: SettlementRegistry, modelId: bigint, forecastScale: number) {
  const [owner] = await ethers.getSigners();
  await deployPoseidon(owner, 2);
  const window = await ethers.deployContract("ReturnsWindow");
  const pipsPerUnitWad = BigInt(Math.round(forecastScale * PIPS_PER_BP * 1e12)) * 10n ** 6n;
  const terms = { modelId, pipsPerUnitWad, floorPips: FLOOR_PIPS, capPips: CAP_PIPS };
  const fees = await ethers.deployContract("VolatilityFee", [settlements, window, terms]);
  const base = await ethers.deployContract("TestToken");
  const quote = await ethers.deployContract("TestToken");
  const pool = await ethers.deployContract("VolatilityPool", [fees, base, quote, owner]);
  for (const token of [base, quote]) {
    await token.mint(owner, 1_000n * RESERVE);
    await token.approve(pool, 1_000n * RESERVE);
  }
  await pool.add(RESERVE, RESERVE);

  /** Trades once on each of the next days, so that the price moves about as these closes do. */
  const tradeAlong = async (closes: readonly number[]): Promise<number> => {
    let day = 0;
    for (let index = 1; index < closes.length; index++) {
      day = Math.floor((await networkHelpers.time.latest()) / DAY) + 1;
      await networkHelpers.time.increaseTo(day * DAY);
      const move = Math.sqrt(closes[index] / closes[index - 1]);
      const buysBase = move > 1;
      const reserve = buysBase ? await pool.quoteReserve() : await pool.baseReserve();
      await pool.swap(buysBase, BigInt(Math.round(Number(reserve) * (buysBase ? move - 1 : 1 / move - 1))), 0);
    }
    return day;
  };
  return { fees, pool, tradeAlong };
}

/** The issuer's signature under a commitment to a borrower's input. */
async function attest(credit: CreditLine, borrower: string, inputCommitment: string, expiry: number): Promise<string> {
  const [, issuer] = await ethers.getSigners();
  const domain = attestationDomain(31_337n, await credit.getAddress());
  const keyId = await credit.KEY_ID();
  return issuer.signTypedData(domain, ATTESTATION_TYPES, { keyId, holder: borrower, inputCommitment, expiry });
}

describe("consumers with real proofs", () => {
  const provers: Prover[] = [];
  const open = async (name: string) => {
    const opened = await openModel(name);
    provers.push(opened.prover);
    return opened;
  };
  after(async () => {
    for (const prover of provers) await prover.close();
  });

  it("set a pool's swap fee to what volatility-mlp forecasts from the pool's own prices", async () => {
    const { model, prover, settlements, modelId } = await open("volatility-mlp");
    const { fees, pool, tradeAlong } = await deployPool(settlements, modelId, model.graph.outputs[0].scale);
    const day = await tradeAlong(closesOf(WINDOW + 2, 11));
    await fees.request(pool);

    // A stranger reads the request off the chain, and needs no more than the model's files to serve it.
    const [{ args: request }] = await fees.queryFilter(fees.filters.ForecastRequested(pool));
    const inference = infer(model.graph, unpackWords(model.graph.inputs, [request.word]), 0n);
    expect(request.input).to.equal(toBytes32(inference.inputCommitment));
    const { proof } = await proveInference(prover, model.keyId, inference, request.subject);
    const [, , , , stranger] = await ethers.getSigners();
    await fees.connect(stranger).fulfil(pool, day, [...inference.words], toCalldata(proof));

    const [[forecast]] = inference.outputs;
    const [{ args: proven }] = await fees.queryFilter(fees.filters.ForecastProven(pool));
    expect(proven.forecast).to.equal(forecast);
    const pips = (forecast * (await fees.PIPS_PER_UNIT_WAD())) / 10n ** 18n;
    expect(pips, "neither floor nor cap").to.be.greaterThan(FLOOR_PIPS).and.lessThan(CAP_PIPS);
    await pool.swap(true, 1_000_000n, 0);
    const swaps = await pool.queryFilter(pool.filters.Swapped());
    expect(swaps.at(-2)!.args.feePips, "before the forecast").to.equal(CAP_PIPS);
    expect(swaps.at(-1)!.args.feePips, "after it").to.equal(pips);
  });

  it("open credit lines by what credit-gbdt says of inputs that only issuer and borrower know", async () => {
    const { model, prover, settlements, modelId } = await open("credit-gbdt");
    const [, issuer, lender, ...borrowers] = await ethers.getSigners();
    const token = await ethers.deployContract("TestToken");
    const terms = { modelId, issuer: issuer.address, maxLimit: MAX_LIMIT, maxRiskBps: MAX_RISK_BPS };
    const credit = await ethers.deployContract("CreditLine", [settlements, terms, token, lender]);
    await token.mint(credit, 10n * MAX_LIMIT);
    const expiry = (await networkHelpers.time.latest()) + DAY;
    const { samples } = await readHeldOut("credit-gbdt");
    let opened = 0;
    for (const [index, { row }] of samples.slice(0, 5).entries()) {
      const borrower = borrowers[index];
      const inference = infer(model.graph, encodeInputs(model.graph, [row]), randomSalt());
      const inputCommitment = toBytes32(inference.inputCommitment);
      const signature = await attest(credit, borrower.address, inputCommitment, expiry);
      const subject = await credit.subjectOf(borrower, inputCommitment, expiry);
      const { proof } = await proveInference(prover, model.keyId, inference, subject);
      const call = credit
        .connect(borrower)
        .open(inputCommitment, expiry, signature, [...inference.words], toCalldata(proof));

      const [[label], [good, bad]] = inference.outputs;
      const riskBps = (bad * 10_000n + good + bad - 1n) / (good + bad);
      if (label === 1n || riskBps >= MAX_RISK_BPS) {
        const wanted = [label === 1n, riskBps, MAX_RISK_BPS];
        await expect(call)
          .to.be.revertedWithCustomError(credit, "TooRisky")
          .withArgs(...wanted);
        continue;
      }
      await call;
      const limit = (MAX_LIMIT * (MAX_RISK_BPS - riskBps)) / MAX_RISK_BPS;
      expect(await credit.limitOf(borrower)).to.equal(limit);
      await credit.connect(borrower).draw(limit);
      expect(await token.balanceOf(borrower)).to.equal(limit);
      opened++;
    }
    expect(opened, "good and bad loans are among the samples").to.be.greaterThan(0).and.lessThan(5);
  });
});
