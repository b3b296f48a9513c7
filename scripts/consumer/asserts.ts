// Runs in the empty project into which `npm run check:package` installs the package: asks the chain what the blocks of
// docs/use-as-a-dependency.md, which it imports, have done.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import escrowArtifact from "tollgate/artifacts/InferenceEscrow.sol/InferenceEscrow.json" with { type: "json" };
import { describeRevert } from "tollgate/chain";
import lock from "tollgate/circuits/generated/digits-mlp/dealer/lock.json" with { type: "json" };
import vkey from "tollgate/circuits/generated/digits-mlp/dealer/vkey.json" with { type: "json" };
import graph from "tollgate/circuits/generated/digits-mlp/graph.json" with { type: "json" };
import heldOut from "tollgate/circuits/models/digits-mlp/samples/held-out.json" with { type: "json" };
import { claimToJson, decodeOutputs, toCalldata } from "tollgate/model";
import { JOB_STATES, jobIdOf } from "tollgate/statement";
import { InferenceEscrow__factory } from "tollgate/types";
import { buy, label } from "./browser.ts";
import { buyLabel } from "./buyLabel.ts";
import { ETHER, answer, job } from "./job.ts";
import * as done from "./settle.ts";

const { digits, ethers, inputCommitment, modelId, owner, proven, provider, reader, tollgate } = done;
const { settlement, escrow, registry } = tollgate;
const truth = heldOut.labels[0];

/** The contract acted on the proven output, which is on record for its own request and fits no other contract's. */
async function askConsumer(): Promise<void> {
  const words = [...proven.inference.words];
  const subject = await reader.subjectOf(inputCommitment);
  assert.equal(await reader.digitOf(inputCommitment), BigInt(truth));
  assert.equal(await settlement.isSettled(modelId, inputCommitment, subject, words), true);
  assert.equal(await settlement.isSettled(modelId, inputCommitment, modelId, words), false);
  const other = await ethers.deployContract("DigitReader", [settlement, modelId]);
  const copied = other.read.staticCall(inputCommitment, words, toCalldata(proven.proof));
  const error = await copied.then(
    () => assert.fail("a proof for one contract was taken by another"),
    ({ data }: { data: string }) => describeRevert(data, [registry.interface]),
  );
  assert.match(error, /^InvalidProof\(/);
}

/** The escrow paid the provider all but the toll of half a percent, and holds the toll. */
async function askEscrow(): Promise<void> {
  const toll = (job.amount * 50n) / 10_000n;
  assert.equal(JOB_STATES[Number(await escrow.stateOf(job))], "Settled");
  assert.equal(await ethers.provider.getBalance(await escrow.getAddress()), toll);
  const [withdrawn] = await escrow.queryFilter(escrow.filters.Withdrawn(provider.address));
  assert.deepEqual([...withdrawn.args], [provider.address, ETHER, provider.address, job.amount - toll]);
  const { outputs } = answer.inference;
  assert.equal(decodeOutputs(digits.graph, outputs).find(({ name }) => name === "label")!.values[0], truth);

  const connected = InferenceEscrow__factory.connect(await escrow.getAddress(), owner);
  assert.equal(await connected.creditOf(owner.address, ETHER), toll);
  assert.equal(connected.interface.formatJson(), new ethers.Interface(escrowArtifact.abi).formatJson());
}

/** The registry knows the key that the package's lock names. */
async function askRegistry(): Promise<void> {
  const [commitment] = await registry.getModel(modelId);
  assert.equal(commitment.vkHash, lock.keyId);
  assert.equal(commitment.modelHash, lock.modelHash);
  assert.equal(commitment.circuitHash, lock.circuitHash);
}

/** What the browser's entry says of the same claim, and what its buyer signs. */
async function askBrowser(): Promise<void> {
  const claim = claimToJson(digits, answer);
  const texts = (changes: object) => {
    const files = { graph, vkey, lock, claim: { ...claim, ...changes } };
    return Object.fromEntries(Object.entries(files).map(([role, json]) => [role, JSON.stringify(json)]));
  };
  const { keyId, modelHash } = digits;
  assert.equal(label(texts({}), { keyId, modelHash }), truth);
  assert.equal(label(texts({ inputCommitment: "1" }), { keyId, modelHash }), undefined);
  assert.equal(label(texts({}), { keyId, modelHash: keyId }), undefined);
  const client = ethers.Wallet.createRandom();
  const { chainId } = await ethers.provider.getNetwork();
  const own = { ...job, client: client.address };
  const { signature, jobId } = await buy(client, own, chainId, await escrow.getAddress());
  assert.equal(ethers.recoverAddress(jobId, signature), client.address);
  assert.notEqual(jobId, jobIdOf(job, chainId, await escrow.getAddress()));
}

/** A buyer takes no deployment for trusted that its record does not describe. */
async function askBuyer(): Promise<void> {
  const options = { rpcUrl: "http://127.0.0.1:1", journal: "buyer.db", token: job.token, limits: { perDay: 1n } };
  const record = { network: "nowhere", chainId: 31_337 } as never;
  const wallet = ethers.Wallet.createRandom();
  await assert.rejects(
    buyLabel("http://127.0.0.1:1", heldOut.input_data[0], { ...options, record, wallet }),
    /^InputError: commit: /,
  );
}

try {
  await askBuyer();
  await askConsumer();
  await askEscrow();
  await askRegistry();
  await askBrowser();
  // What the page's command lines read.
  await writeFile("picture.json", JSON.stringify({ input_data: [heldOut.input_data[0]] }));
  console.log("asserted");
} finally {
  await done.prover.close();
}
