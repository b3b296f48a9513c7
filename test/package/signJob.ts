import { expect } from "chai";
import { Wallet, recoverAddress } from "ethers";
import { signJob, signOrder } from "../../src/agent/signJob.ts";
import { FUNDING, jobIdOf, orderIdOf, toBytes32, type Job } from "../../src/codec/statement.ts";
import { InputError } from "../../src/errors.ts";

const CLIENT = new Wallet(toBytes32(7n));
const CHAIN = 31_337n;
const CONTRACT = `0x${"ab".repeat(20)}`;
const JOB: Job = {
  client: CLIENT.address,
  provider: `0x${"cd".repeat(20)}`,
  token: `0x${"ef".repeat(20)}`,
  amount: 5n,
  bond: 3n,
  modelId: 11n,
  inputCommitment: toBytes32(13n),
  acceptBy: 17n,
  deadline: 19n,
  funding: FUNDING.authorization,
  nonce: 23n,
};
const ORDER: Job = { ...JOB, bond: 0n, acceptBy: 0n, funding: FUNDING.prepaid };

async function expectRefused(signature: Promise<unknown>, message: string): Promise<void> {
  const error: unknown = await signature.catch((caught: unknown) => caught);
  expect(error).to.be.instanceOf(InputError);
  expect((error as Error).message).to.contain(message);
}

describe("what a client signs", () => {
  it("is the job's id under the escrow's domain", async () => {
    const signature = await signJob(CLIENT, JOB, CHAIN, CONTRACT);
    expect(recoverAddress(jobIdOf(JOB, CHAIN, CONTRACT), signature)).to.equal(CLIENT.address);
  });

  it("is the order's id under the domain of prepaid orders, which is of no job", async () => {
    const signature = await signOrder(CLIENT, ORDER, CHAIN, CONTRACT);
    expect(recoverAddress(orderIdOf(ORDER, CHAIN, CONTRACT), signature)).to.equal(CLIENT.address);
    expect(recoverAddress(jobIdOf(ORDER, CHAIN, CONTRACT), signature)).to.not.equal(CLIENT.address);
  });

  it("is never a job where the contract wants an order, or the other way round", async () => {
    await expectRefused(signJob(CLIENT, ORDER, CHAIN, CONTRACT), "funding 5");
    await expectRefused(signOrder(CLIENT, JOB, CHAIN, CONTRACT), "funding 2");
    await expectRefused(signOrder(CLIENT, { ...ORDER, bond: 1n }, CHAIN, CONTRACT), "bond 1");
    await expectRefused(signOrder(CLIENT, { ...ORDER, acceptBy: 1n }, CHAIN, CONTRACT), "acceptBy 1");
  });
});
