// Runs in the empty project into which `npm run check:package` installs the package: asks the chain what the blocks of
// docs/use-as-a-dependency.md, which it imports, have done.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import escrowArtifact from "tollgate/artifacts/InferenceEscrow.sol/InferenceEscrow.json" with { type: "json" };
import graphJson from "tollgate/circuits/generated/digits-mlp/graph.json" with { type: "json" };
import lockJson from "tollgate/circuits/generated/digits-mlp/dealer/lock.json" with { type: "json" };
import vkeyJson from "tollgate/circuits/generated/digits-mlp/dealer/vkey.json" with { type: "json" };
import heldOut from "tollgate/circuits/models/digits-mlp/samples/held-out.json" with { type: "json" };
import { claimToJson, decodeOutputs, toCalldata } from "tollgate/model";
import { JOB_STATES, jobIdOf } from "tollgate/statement";
import { InferenceEscrow__factory } from "tollgate/types";
import { buy, label } from "./browser.ts";
import { ETHER, answer, job } from "./job.ts";
import {
  digits,
  ethers,
  inputCommitment,
  modelId,
  owner,
  prover,
  proven,
  provider,
  reader,
  tollgate,
} from "./settle.ts";

const truth = heldOut.labels[0];
const words = [...proven.inference.words];
const { settlement, escrow, registry } = tollgate;

// The consumer's contract acted on the proven output, which is on record for its request and no other.
const subject = await reader.subjectOf(inputCommitment);
assert.equal(await reader.digitOf(inputCommitment), BigInt(truth));
assert.equal(await settlement.isSettled(modelId, inputCommitment, subject, words), true);
assert.equal(await settlement.isSettled(modelId, inputCommitment, modelId, words), false);
const forged = toCalldata(proven.proof).map((point, index) => (index < 6 ? point : toCalldata(answer.proof)[index]));
const other = await ethers.deployContract("DigitReader", [settlement, modelId]);
await assert.rejects(other.read(inputCommitment, words, forged), /InvalidProof|reverted/);
assert.equal(await other.digitOf(inputCommitment), 0n);

// The escrow paid the provider all but the toll of half a percent, and holds the toll.
const toll = (job.amount * 50n) / 10_000n;
assert.equal(JOB_STATES[Number(await escrow.stateOf(job))], "Settled");
assert.equal(await ethers.provider.getBalance(await escrow.getAddress()), toll);
const [withdrawn] = await escrow.queryFilter(escrow.filters.Withdrawn(provider.address));
assert.deepEqual([...withdrawn.args], [provider.address, ETHER, provider.address, job.amount - toll]);

// ABI, factory and deployed contract are of one contract, and the registry knows the key that the package's lock names.
const connected = InferenceEscrow__factory.connect(await escrow.getAddress(), owner);
assert.equal(await connected.creditOf(owner.address, ETHER), toll);
assert.equal(connected.interface.formatJson(), new ethers.Interface(escrowArtifact.abi).formatJson());
assert.equal(digits.keyId, lockJson.keyId);
const [commitment] = await registry.getModel(modelId);
assert.equal(commitment.vkHash, lockJson.keyId);

// What a browser does, on the same claim.
const claim = claimToJson(digits, answer);
const files = { graph: graphJson, vkey: vkeyJson, lock: lockJson };
const texts = Object.fromEntries(
  Object.entries({ ...files, claim }).map(([role, json]) => [role, JSON.stringify(json)]),
);
assert.equal(label(texts), truth);
assert.equal(label({ ...texts, claim: JSON.stringify({ ...claim, inputCommitment: "1" }) }), undefined);
const client = ethers.Wallet.createRandom();
const { chainId } = await ethers.provider.getNetwork();
const bought = await buy(client, { ...job, client: client.address }, chainId, await escrow.getAddress());
assert.equal(ethers.recoverAddress(bought.jobId, bought.signature), client.address);
assert.notEqual(bought.jobId, jobIdOf(job, chainId, await escrow.getAddress()));

const decoded = decodeOutputs(digits.graph, answer.inference.outputs);
assert.equal(decoded.find(({ name }) => name === "label")!.values[0], truth);
await writeFile("picture.json", JSON.stringify({ input_data: [heldOut.input_data[0]] }));
await prover.close();
console.log("asserted");
