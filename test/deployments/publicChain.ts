import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { buildBn128 } from "ffjavascript";
import { zKey } from "snarkjs";
import { checkRecord } from "../../src/chain/checkRecord.ts";
import { CREATE_X } from "../../src/chain/createX.ts";
import {
  prepareDeployment,
  sendDeployment,
  type PreparedDeployment,
} from "../../src/chain/deployment/deployToNetwork.ts";
import { readKeyFolder, type TrustedKey } from "../../src/chain/deployment/keyFolder.ts";
import type { PlannedModel } from "../../src/chain/deployment/plan.ts";
import { findKnownGood } from "../../src/chain/knownGood.ts";
import type { DeploymentRecord } from "../../src/chain/record.ts";
import { InputError } from "../../src/errors.ts";
import { withKey, type SetUpModel } from "../../src/model/setupModel.ts";
import { writeCheckedKey, writeKey } from "../../src/model/writeArtefacts.ts";
import { checkKey } from "../../src/setup/phase2/checkKey.ts";
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
  let trusted: TrustedKey;
  let planned: PlannedModel;
  let served: ServedChain;

  const at = (name: string) => join(folder, name);
  const read = (name: string, requirePinned = false) => readKeyFolder(at(name), dealt, { ptauPath, requirePinned });

  /** A folder as `setup` would write it for a key, were the key right. */
  async function writeFolder(name: string, zkeyPath: string): Promise<void> {
    const report = await checkKey({ ...dealt.circuit, zkeyPath, ptauPath, wordCount: dealt.wordCount });
    await writeCheckedKey(at(name), withKey(dealt, report.vkey), { zkeyPath, report });
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

  it("takes one party's key and says so", () => {
    expect(trusted.setup).to.equal("self");
    expect(trusted.model.keyId).to.not.equal(dealt.keyId);
  });

  it("refuses a key from powers of tau that nobody published unless told to take it", () =>
    refuses(read("self", true), /powers\.ptau: .*--accept-ptau/));

  it("refuses a key that nobody contributed to", async () => {
    await writeFolder("nobody", at("initial.zkey"));
    // A lock of no contributions is refused before the key is looked at: this one lies.
    const lock = JSON.parse(await readFile(at("nobody/lock.json"), "utf8")) as { contributions: unknown[] };
    const { contributions } = JSON.parse(await readFile(at("self/lock.json"), "utf8")) as typeof lock;
    await writeFile(at("nobody/lock.json"), JSON.stringify({ ...lock, contributions }));
    await refuses(
      read("nobody"),
      /nobody\/Small\.zkey: contributions: 0 contributions beside beacons, want at least 1$/,
    );
  });

  it("refuses a key of a beacon alone", async () => {
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
      const models = { free: { ...planned, royaltyBps: 0, royaltyTo: ZeroAddress } };
      prepared = await prepareDeployment(served.chain, { terms: TERMS, models }, record);
      await served.rpc("hardhat_mine", "0x5");
      served.proxy.fate = ({ method }) => (method === "eth_sendRawTransaction" ? "dropAfter" : "pass");
      await refuses(send(), /^network sepolia: the connection broke/);
      served.proxy.reset();
      await served.rpc("hardhat_mine", "0x5");
      const extended = await send();
      expect(extended.contracts).to.deep.equal(record.contracts);
      expect(extended.models.digits).to.deep.equal(record.models.digits);
      expect(extended.models.free.royaltyBps).to.equal(0);
      expect((await checkRecord(extended, served.chain.ethers)).filter(({ ok }) => !ok)).to.deep.equal([]);
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
  });

  for (const [args, message] of [
    [["--network", "sepolia"], /SEPOLIA_RPC_URL is not set, run: npx hardhat keystore set SEPOLIA_RPC_URL/],
    [["--network", "nowhere"], /network nowhere: unknown, want one of .*baseSepolia/],
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
