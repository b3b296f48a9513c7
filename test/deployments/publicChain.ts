import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { getAddress, ZeroAddress } from "ethers";
import { buildBn128 } from "ffjavascript";
import { artifacts } from "hardhat";
import { zKey } from "snarkjs";
import solc from "solc";
import { checkRecord } from "../../src/chain/checkRecord.ts";
import { deployPoseidons, planPoseidons } from "../../src/chain/deployPoseidon.ts";
import { connectChain } from "../../src/chain/localChain.ts";
import { CREATE_X, create2Address } from "../../src/chain/createX.ts";
import { prepareDeployment, type PreparedDeployment } from "../../src/chain/deployment/prepare.ts";
import { sendDeployment } from "../../src/chain/deployment/send.ts";
import {
  writeExplorerInputs,
  type ExplorerInput,
  type StandardInput,
} from "../../src/chain/deployment/explorerInput.ts";
import { readKeyFolder, type TrustedKey } from "../../src/chain/deployment/keyFolder.ts";
import type { PlannedModel } from "../../src/chain/deployment/plan.ts";
import { findKnownGood } from "../../src/chain/knownGood.ts";
import type { DeploymentRecord } from "../../src/chain/record.ts";
import { InputError } from "../../src/errors.ts";
import { exportVerifyingKey } from "../../src/groth16/exportVerifyingKey.ts";
import { readZkey } from "../../src/groth16/zkeyFile.ts";
import { readJson } from "../../src/jsonFile.ts";
import { withKey, type SetUpModel } from "../../src/model/setupModel.ts";
import { writeCheckedKey, writeKey } from "../../src/model/writeArtefacts.ts";
import { checkKey, type KeyReport } from "../../src/setup/phase2/checkKey.ts";
import { runTollgate } from "../cli/runTollgate.ts";
import { addBeacon, contribute } from "../fixtures/phase2Keys.ts";
import { writePtau } from "../fixtures/ptau.ts";
import { DEVELOPMENT_KEY, factoryCode, serveChain, type ServedChain } from "./servedChain.ts";
import { setUpSmall } from "./models.ts";

const SEPOLIA = 11_155_111;
const COLLECTOR = "0x00000000000000000000000000000000000000AA";
const TERMS = { tollBps: 50, tollCollector: COLLECTOR, orderLife: 86_400 };

describe("a deployment on a public chain", () => {
  let folder: string;
  let dealt: SetUpModel;
  let ptauPath: string;
  /** Of the key that somebody contributed to. */
  let report: KeyReport | undefined;
  let trusted: TrustedKey;
  let planned: PlannedModel;
  let served: ServedChain;

  const at = (name: string) => join(folder, name);
  const read = (name: string, requirePinned = false) => readKeyFolder(at(name), dealt, { ptauPath, requirePinned });

  /** A folder as `setup` writes it for a key; for a key that it refuses, a folder that lies. */
  async function writeFolder(name: string, zkeyPath: string): Promise<void> {
    report ??= await checkKey({ ...dealt.circuit, zkeyPath, ptauPath, wordCount: dealt.wordCount });
    const { sections } = await readZkey(zkeyPath);
    await writeCheckedKey(at(name), withKey(dealt, exportVerifyingKey(sections)), { zkeyPath, report });
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-public-"));
    dealt = await setUpSmall(folder);
    ptauPath = at("powers.ptau");
    await writePtau(ptauPath, dealt.circuit.constraints.domainPower);
    await zKey.newZKey(dealt.circuit.r1csPath, ptauPath, at("initial.zkey"));
    await contribute(at("initial.zkey"), at("alice.zkey"), ["alice"]);
    await writeFolder("self", at("alice.zkey"));
    trusted = await read("self");
    const knownGoodProof = await findKnownGood(trusted.model, trusted.zkeyPath, at("cache"));
    const { model, setup } = trusted;
    planned = { model, uri: "ipfs://digits", royaltyBps: 100, royaltyTo: COLLECTOR, setup, knownGoodProof };
    served = await serveChain("sepolia", SEPOLIA);
    await served.rpc("hardhat_setCode", CREATE_X, await factoryCode());
  });

  after(async () => {
    await (await buildBn128()).terminate();
    await served.close();
    await rm(folder, { recursive: true });
  });

  const refuses = async (work: Promise<unknown>, message: RegExp) => {
    const refusal = await work.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).to.be.instanceOf(InputError);
    expect((refusal as Error).message).to.match(message);
  };

  it("takes one party's key and says so (Z11)", () => {
    expect(trusted.setup).to.equal("self");
    expect(trusted.model.keyId).to.not.equal(dealt.keyId);
  });

  it("refuses a key from powers of tau that nobody published unless told to take it", () =>
    refuses(read("self", true), /powers\.ptau: .*--accept-ptau/));

  it("refuses a key that nobody contributed to (Z10)", async () => {
    await writeFolder("nobody", at("initial.zkey"));
    await refuses(
      read("nobody"),
      /nobody\/Small\.zkey: contributions: 0 contributions beside beacons, want at least 1$/,
    );
  });

  it("refuses a key of a beacon alone (Z10)", async () => {
    await addBeacon(at("initial.zkey"), at("beacon.zkey"));
    await writeFolder("beacon", at("beacon.zkey"));
    await refuses(read("beacon"), /beacon\/Small\.zkey: contributions: 0 contributions beside beacons/);
  });

  it("refuses the dealer's key in a folder", async () => {
    await writeKey(at("dealer"), dealt);
    await refuses(read("dealer"), /dealer\/lock\.json: setup: is dealer, want a key made in phase 2$/);
  });

  for (const [name, from, to, message] of [
    ["lock.json", '"modelHash": "0x', '"modelHash": "0x00', /lock\.json: modelHash: want 32 bytes/],
    ["lock.json", /"modelHash": "0x../, '"modelHash": "0x00', /lock\.json: modelHash: got 0x00.*, want 0x/],
    ["lock.json", /"circuitHash": "0x../, '"circuitHash": "0x00', /lock\.json: circuitHash: got 0x00.*, want 0x/],
    ["lock.json", /"circuit.zkey": "../, '"circuit.zkey": "00', /Small\.zkey: has SHA-256 .* wants 00/],
    ["lock.json", '"setup": "self"', '"setup": "ceremony"', /ceremony\.json: cannot be read \(ENOENT\)$/],
    ["vkey.json", '"nPublic": 3', '"nPublic": 2', /vkey\.json: has SHA-256/],
  ] as const) {
    it(`refuses a folder whose ${name} has ${String(from)} edited`, async () => {
      await cp(at("self"), at("edited"), { recursive: true });
      const text = await readFile(at(`edited/${name}`), "utf8");
      const edited = text.replace(from, to);
      expect(edited).to.not.equal(text);
      await writeFile(at(`edited/${name}`), edited);
      await refuses(read("edited"), message);
    });
  }

  describe("with its own key", () => {
    let prepared: PreparedDeployment;
    let record: DeploymentRecord;

    const options = () => ({ journals: at("journals"), commit: "5a".repeat(20), onDone: () => {} });
    const send = () => sendDeployment(served.chain, prepared, options());

    it("has the addresses that every chain gives, and predicts its gas to the unit", async () => {
      prepared = await prepareDeployment(served.chain, { terms: TERMS, models: { digits: planned } }, undefined);
      const local = await serveChain("localhost", 31_337);
      const other = await prepareDeployment(local.chain, { terms: TERMS, models: {} }, undefined);
      await local.close();
      expect(other.layout.addresses).to.deep.equal(prepared.layout.addresses);

      record = await send();
      const gas = async (hash: string) => (await served.chain.ethers.provider.getTransactionReceipt(hash))!.gasUsed;
      for (const { id, kind } of prepared.layout.steps) {
        if (kind !== "contract") continue;
        const { transaction } = record.contracts[id];
        expect(await gas(transaction), id).to.equal(prepared.rehearsal.gas.get(id));
      }
      const model = prepared.layout.steps.find(({ kind }) => kind === "model")!;
      expect(await gas(record.models.digits.transaction)).to.equal(prepared.rehearsal.gas.get(model.id));
    });

    it("records what the chain holds", async () => {
      expect(record).to.include({ network: "sepolia", chainId: SEPOLIA, commit: "5a".repeat(20) });
      expect(record.models.digits).to.include({ setup: "self", status: "live", royaltyBps: 100, uri: "ipfs://digits" });
      const checks = await checkRecord(record, served.chain.ethers);
      expect(checks.filter(({ ok }) => !ok)).to.deep.equal([]);
    });

    it("takes on another model after a drop, and keeps what was recorded", async () => {
      const { ethers } = served.chain;
      const registry = await ethers.getContractAt("ModelRegistry", record.contracts.ModelRegistry.address);
      await (await registry.deprecateModel(record.models.digits.modelId)).wait();
      const models = { free: { ...planned, royaltyBps: 0, royaltyTo: ZeroAddress } };
      prepared = await prepareDeployment(served.chain, { terms: TERMS, models }, record);
      await served.rpc("hardhat_mine", "0x5");
      served.proxy.fate = ({ method }) => (method === "eth_sendRawTransaction" ? "dropAfter" : "pass");
      await refuses(send(), /^network sepolia: the connection broke/);
      served.proxy.reset();
      await served.rpc("hardhat_mine", "0x5");
      const extended = await send();
      expect(extended.contracts).to.deep.equal(record.contracts);
      expect(extended.models.digits).to.deep.equal({ ...record.models.digits, status: "deprecated" });
      expect(extended.models.free.royaltyBps).to.equal(0);
      expect((await checkRecord(extended, served.chain.ethers)).filter(({ ok }) => !ok)).to.deep.equal([]);
    });

    it("writes for explorers what compiles to the code on chain", async () => {
      await writeExplorerInputs(record, at("explorer"));
      for (const [name, { address }] of Object.entries(record.contracts)) {
        const form = (await readJson(at(`explorer/${name}.json`))) as Omit<ExplorerInput, "input">;
        expect(form).to.include({ address, compiler: "v0.8.30+commit.73712a01" });
        expect(form.contract).to.match(new RegExp(`^project/contracts/.*${name}\\.sol:${name}$`));
        if (name.endsWith("Collector")) continue;
        const { bytecode } = await artifacts.readArtifact(name);
        expect(create2Address(bytecode + form.constructorArguments)).to.equal(address);
      }
      // One contract stands for all: the compiler takes seconds.
      const { address } = record.contracts.NativeCollector;
      const { object, immutableReferences } = await compileExplorerInput(at("explorer/NativeCollector"));
      const code = Buffer.from((await served.chain.ethers.provider.getCode(address)).slice(2), "hex");
      const escrow = Buffer.alloc(32);
      for (const { start, length } of Object.values(immutableReferences).flat()) {
        code.copy(escrow, 0, start, start + length);
        code.fill(0, start, start + length);
      }
      expect(getAddress(`0x${escrow.subarray(12).toString("hex")}`)).to.equal(record.contracts.InferenceEscrow.address);
      expect(code.toString("hex")).to.equal(object);
    });

    it("refuses to go on from a record that was edited", async () => {
      const { PrepaidOrders, ...others } = record.contracts;
      const contracts = { ...others, PrepaidOrders: { ...PrepaidOrders, block: PrepaidOrders.block + 1 } };
      const prepare = prepareDeployment(served.chain, { terms: TERMS, models: {} }, { ...record, contracts });
      await refuses(prepare, /sepolia\.json: contracts\.PrepaidOrders\.block: recorded \d+, found \d+$/);
    });

    it("shows a dry run from the command line, sends nothing and writes nothing", async () => {
      const sent: string[] = [];
      served.proxy.fate = ({ method }) => {
        if (method.startsWith("eth_send")) sent.push(method);
        return "pass";
      };
      process.env.SEPOLIA_RPC_URL = served.proxy.url;
      process.env.SEPOLIA_DEPLOYER_KEY = DEVELOPMENT_KEY;
      const args = ["deploy", "--network", "sepolia", "--no-model", "--toll-collector", COLLECTOR, "--dry-run"];
      const { code, stdout, stderr } = await runTollgate(folder, ...args, "--toll-bps", "51");
      delete process.env.SEPOLIA_RPC_URL;
      delete process.env.SEPOLIA_DEPLOYER_KEY;
      expect(stderr).to.equal("");
      expect(code).to.equal(0);
      expect(stdout).to.match(/2 of 4 transactions are on chain already; to send: [\d,]+ gas, [\d.]+ ether/);
      expect(stdout).to.match(/InferenceEscrow at 0x\w{40} +5,0\d\d,\d{3}\n/);
      expect(sent).to.deep.equal([]);
    });

    it("says in one line where the node hangs up on whichever call, and not at which URL", async () => {
      process.env.SEPOLIA_RPC_URL = served.proxy.url;
      process.env.SEPOLIA_DEPLOYER_KEY = DEVELOPMENT_KEY;
      served.proxy.fate = ({ method }) => (method === "eth_getCode" ? "dropBefore" : "pass");
      const args = ["deploy", "--network", "sepolia", "--no-model", "--toll-collector", COLLECTOR, "--dry-run"];
      const { code, stderr } = await runTollgate(folder, ...args, "--poseidon");
      served.proxy.fate = () => "pass";
      delete process.env.SEPOLIA_RPC_URL;
      delete process.env.SEPOLIA_DEPLOYER_KEY;
      expect(stderr).to.match(/^error: the connection to the network broke \(\w+\); run the same command again\n$/);
      expect(code).to.equal(2);
    });
  });

  it("places the Poseidon contracts where the proxy is, once", async () => {
    await refuses(planPoseidons(served.chain), /^network sepolia: no code at 0x4e59b44847.*, want the deterministic/);
    const local = await connectChain();
    const unpriced = await planPoseidons(local);
    expect(unpriced).to.deep.equal({ missing: [2, 3, 4, 5], gas: undefined });
    await deployPoseidons(local, unpriced);
    const proxy = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
    await served.rpc("hardhat_setCode", proxy, await local.ethers.provider.getCode(proxy));
    await local.close();

    const plan = await planPoseidons(served.chain);
    expect(plan.missing).to.deep.equal([2, 3, 4, 5]);
    expect(plan.gas! > 17_000_000n && plan.gas! < 19_000_000n, String(plan.gas)).to.equal(true);
    await deployPoseidons(served.chain, plan);
    expect(await planPoseidons(served.chain)).to.deep.equal({ missing: [], gas: 0n });
    await served.rpc("hardhat_mine", "0x5");
  });

  for (const [args, message] of [
    [["--network", "sepolia"], /SEPOLIA_RPC_URL is not set, run: npx hardhat keystore set SEPOLIA_RPC_URL/],
    [["--network", "default"], /network default: lives in this process only/],
  ] as const) {
    it(`is refused from the command line with ${args.join(" ")}`, async () => {
      const { code, stderr } = await runTollgate(folder, "deploy", ...args);
      expect(stderr).to.match(message);
      expect(stderr.trim().split("\n")).to.have.lengthOf(1);
      expect(code).to.equal(2);
    });
  }
});

interface DeployedBytecode {
  /** Hex, zeros for immutables. */
  readonly object: string;
  readonly immutableReferences: Readonly<
    Record<string, readonly { readonly start: number; readonly length: number }[]>
  >;
}

/** Compiles what was written for an explorer, from the files alone. */
async function compileExplorerInput(path: string): Promise<DeployedBytecode> {
  const { contract } = (await readJson(`${path}.json`)) as ExplorerInput;
  const input = (await readJson(`${path}.input.json`)) as StandardInput;
  const [source, name] = contract.split(":");
  const outputSelection = { [source]: { [name]: ["evm.deployedBytecode"] } };
  const output = solc.compile(JSON.stringify({ ...input, settings: { ...input.settings, outputSelection } }));
  const { contracts } = JSON.parse(output) as {
    contracts: Record<string, Record<string, { evm: { deployedBytecode: DeployedBytecode } }>>;
  };
  return contracts[source][name].evm.deployedBytecode;
}
