import { expect } from "chai";
import { ZeroAddress, id, keccak256 } from "ethers";
import type { AuditRow } from "../../src/audit/auditReport.ts";
import { compareChain, type ProvenModel } from "../../src/audit/compareChain.ts";
import type { CompiledContracts } from "../../src/audit/compileContracts.ts";
import { inOrderOfLinks } from "../../src/audit/links.ts";
import { type ConstructedCode, runConstructors } from "../../src/audit/runConstructors.ts";
import { verdictOf } from "../../src/audit/verdict.ts";
import { deployTollgate, recordOf, registerModel, type Tollgate } from "../../src/chain/deploy.ts";
import { findKnownGood } from "../../src/chain/knownGood.ts";
import { type Chain, connectChain } from "../../src/chain/localChain.ts";
import { type ContractName, DeploymentRecord, knownGoodClaim, type ModelRecord } from "../../src/chain/record.ts";
import { toBytes32 } from "../../src/codec/statement.ts";
import { InputError } from "../../src/errors.ts";
import { toCalldata } from "../../src/groth16/proof.ts";
import { signalsOf } from "../../src/model/infer.ts";
import type { KeyedModel, SetUpModel } from "../../src/model/setupModel.ts";
import { projectPath } from "../../src/paths.ts";
import { dealerTrapdoor, mintProof } from "../../src/setup/mint.ts";
import { setUpShipped } from "../deployments/models.ts";
import { serveChain } from "../deployments/servedChain.ts";
import { builtContracts } from "./builtContracts.ts";
import { leavesOf, oneByteEdits, withLeaf } from "./oneByte.ts";

const MODEL = "digits-mlp";
const ROYALTY = { royaltyBps: 0, royaltyTo: ZeroAddress };
/** Fields that no chain can tell: readRecord compares the first one with the network asked for. */
const UNSEEN = new Set(["network", "commit"]);

describe("an audit's comparison of a rebuilt model with a deployment", () => {
  let chain: Chain;
  let tollgate: Tollgate;
  let digits: SetUpModel;
  let compiled: CompiledContracts;
  let proven: ProvenModel;
  let record: DeploymentRecord;
  let snapshot: unknown;
  const constructed = new Map<string, ConstructedCode>();

  const rpc = (method: string, ...params: unknown[]) => chain.rpc.request({ method, params });

  before(async () => {
    chain = await connectChain();
    const [deployer] = await chain.ethers.getSigners();
    const terms = { tollBps: 50, tollCollector: deployer.address, orderLife: 86_400 };
    tollgate = await deployTollgate(chain.ethers, deployer, terms);
    digits = await setUpShipped(MODEL);
    const knownGoodProof = await findKnownGood(digits, digits.zkeyPath, projectPath("build/cache"));
    proven = { model: digits, setup: "dealer", claim: knownGoodClaim(knownGoodProof) };
    compiled = await builtContracts();
    const network = { name: "test", chainId: 31_337, commit: null };
    record = await recordOf(tollgate, terms, network, {
      [MODEL]: { ...(await register(digits)), setup: "dealer", knownGoodProof },
    });
    snapshot = await rpc("evm_snapshot");
  });

  afterEach(async () => {
    await rpc("evm_revert", snapshot);
    snapshot = await rpc("evm_snapshot");
  });

  async function register(model: KeyedModel) {
    const [owner] = await chain.ethers.getSigners();
    return registerModel(tollgate.registry, owner, model, "", ROYALTY);
  }

  /** Constructors run again only where they would see something else. */
  async function constructedFor({ chainId, contracts }: DeploymentRecord): Promise<ConstructedCode> {
    const seen = Object.entries(contracts).map(([name, { address, arguments: given }]) => [name, address, given]);
    const key = JSON.stringify([chainId, seen]);
    const codes = constructed.get(key) ?? (await runConstructors({ ...record, chainId, contracts }, compiled));
    constructed.set(key, codes);
    return codes;
  }

  async function audit(changed = record): Promise<AuditRow[]> {
    const code = { compiled, constructed: await constructedFor(changed) };
    const rows = await compareChain({ name: "test", ethers: chain.ethers, record: changed }, code, proven);
    return inOrderOfLinks(rows, "DigitsMlp");
  }

  const withModel = (changes: Partial<ModelRecord>): DeploymentRecord => ({
    ...record,
    models: { [MODEL]: { ...record.models[MODEL], ...changes } },
  });

  /** Flips the lowest bit of one byte of a deployed contract's code. */
  async function flipByte(name: ContractName, at: number): Promise<void> {
    const { address } = record.contracts[name];
    const code = Buffer.from((await chain.ethers.provider.getCode(address)).slice(2), "hex");
    code[at] ^= 1;
    await rpc("hardhat_setCode", address, `0x${code.toString("hex")}`);
  }

  it("agrees in every row", async () => {
    const rows = await audit();
    expect(rows.filter(({ ok }) => !ok)).to.deep.equal([]);
    expect(rows).to.have.length(89);
  });

  for (const name of ["ModelRegistry", "InferenceEscrow", "NativeCollector"] as const) {
    it(`names the runtime code of ${name} where a byte of it is another`, async () => {
      // The compiler's metadata ends the code: no call behaves differently.
      await flipByte(name, compiled[name].runtimeCode.length / 2 - 1 - 20);
      const rows = await audit();
      const wanted = `broken link contracts → runtime code: chain: code of ${name}, immutables apart says 0x`;
      expect(verdictOf(rows).message).to.include(wanted);
      const asked = rows.some(({ compared }) => compared.startsWith("chain: termsOf"));
      expect(asked, "a registry of other code is asked nothing").to.equal(name !== "ModelRegistry");
    });
  }

  it("names the contract whose immutable is another, whatever the record says of its code", async () => {
    const name = "PrepaidOrders";
    const hashes = new Set<string>();
    for (const { start, length } of compiled[name].immutables) {
      await flipByte(name, start + length - 1);
      const { address } = record.contracts[name];
      const runtimeCodeHash = keccak256(await chain.ethers.provider.getCode(address));
      hashes.add(runtimeCodeHash);
      const contracts = { ...record.contracts, [name]: { ...record.contracts[name], runtimeCodeHash } };
      const { kind, message } = verdictOf(await audit({ ...record, contracts }));
      expect(kind).to.not.equal("sound");
      expect(message).to.include("chain: code of PrepaidOrders, as its constructor leaves it says");
      await rpc("evm_revert", snapshot);
      snapshot = await rpc("evm_snapshot");
    }
    expect(hashes.size).to.equal(compiled[name].immutables.length).and.greaterThan(5);
  });

  it("names the key id where another key was registered for the circuit, and the record says so", async () => {
    const { key, keyId, wordCount } = await setUpShipped("volatility-mlp");
    const other = await register({ ...digits, key, keyId, wordCount });
    const { kind, message } = verdictOf(await audit(withModel(other)));
    expect(kind).to.equal("broken");
    expect(message).to.match(/^broken link vkey\.json → key id: record: models\.digits-mlp\.keyId says/);
  });

  it("names the key on chain where another key was registered, and the record hides it", async () => {
    const { key, keyId, wordCount } = await setUpShipped("volatility-mlp");
    const { modelId, transaction } = await register({ ...digits, key, keyId, wordCount });
    const { kind, message } = verdictOf(await audit(withModel({ modelId, transaction })));
    expect(kind).to.equal("broken");
    expect(message).to.match(/^broken link vkey\.json → key on chain: chain: termsOf\(modelId\)\.keyId says/);
  });

  it("names the model on chain where another graph or circuit was registered", async () => {
    for (const entry of ["modelHash", "circuitHash"] as const) {
      const { modelId, transaction } = await register({ ...digits, [entry]: id("another") });
      const { kind, message } = verdictOf(await audit(withModel({ modelId, transaction })));
      expect(kind).to.equal("broken");
      const where = `broken link key, circuit, graph → model on chain: chain: getModel(modelId).${entry} says`;
      expect(message).to.include(where);
    }
  });

  it("names a key that a contradiction has stopped", async () => {
    const trapdoor = await dealerTrapdoor(digits.circuit.r1csPath);
    const claimOf = (word: bigint) => {
      const statement = { inputCommitment: 5n, words: [word] };
      const subject = id("contradiction");
      const proof = toCalldata(mintProof(trapdoor, signalsOf(statement, digits.keyId, subject)));
      return { inputCommitment: toBytes32(5n), words: [word], subject, proof };
    };
    await (await tollgate.registry.stop(digits.keyId, claimOf(1n), claimOf(2n))).wait();
    const { kind, message } = verdictOf(await audit());
    expect(kind).to.equal("broken");
    expect(message).to.match(/^broken link sample → proof: chain: ModelRegistry\.verify says KeyIsStopped/);
    expect(message).to.include("getKey(keyId).stopped");
  });

  it("names a record's known-good proof of another statement", async () => {
    const knownGoodProof = { ...record.models[MODEL].knownGoodProof, words: ["7"] };
    const { kind, message } = verdictOf(await audit(withModel({ knownGoodProof })));
    expect(kind).to.equal("edited");
    expect(message).to.match(/^record: models\.digits-mlp\.knownGoodProof, in JavaScript says not valid/);
  });

  it("names every entry of a record that is edited by one byte, as bad input", async () => {
    const leaves = leavesOf(record).filter(({ path }) => !UNSEEN.has(path[0]));
    expect(leaves.length).to.be.greaterThan(70);
    for (const { path, value } of leaves) {
      const [edit] = oneByteEdits(String(value));
      const edited = withLeaf(record, path, typeof value === "number" ? Number(edit) : edit);
      const name = path.join(".");
      expect(await saidOfRecord(edited), name).to.include(entryOf(path));
    }
  });

  it("refuses a record without the model", () => {
    const other = { ...record, models: { other: record.models[MODEL] } };
    return audit(other as DeploymentRecord).then(
      () => expect.fail("no refusal"),
      (error: unknown) =>
        expect(error)
          .to.be.instanceOf(InputError)
          .with.property("message", "deployment record of test: models: has no digits-mlp, only other"),
    );
  });

  it("says in one line that the chain stopped answering, wherever it does", async () => {
    const served = await serveChain("localhost", 31_337);
    const code = { compiled, constructed: await constructedFor(record) };
    let calls = 0;
    for (const dropped of [1, 4]) {
      calls = 0;
      served.proxy.fate = () => (++calls >= dropped ? "dropBefore" : "pass");
      const chainOfRecord = { name: "test", ethers: served.chain.ethers, record };
      const error = await compareChain(chainOfRecord, code, proven).catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(InputError);
      expect((error as InputError).message).to.match(/^network test: stopped answering; /);
    }
    await served.close();
  });

  /** A proof is checked as a whole, an argument with the others. */
  function entryOf(path: readonly string[]): string {
    const whole = path.findIndex((key) => key === "knownGoodProof" || key === "arguments");
    return whole === -1 ? path.join(".") : path.slice(0, whole + 1).join(".");
  }

  /** What an audit says of a record that alone is wrong: refused by its schema, or by its rows. */
  async function saidOfRecord(edited: unknown): Promise<string> {
    const parsed = DeploymentRecord.safeParse(edited);
    if (!parsed.success) return parsed.error.issues[0].path.join(".");
    const { kind, message } = verdictOf(await audit(parsed.data));
    expect(kind, message).to.equal("edited");
    return message;
  }
});
