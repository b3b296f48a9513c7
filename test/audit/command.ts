import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ZeroAddress } from "ethers";
import hre from "hardhat";
import { AuditReport } from "../../src/audit/auditReport.ts";
import { deployTollgate, recordOf, registerModel } from "../../src/chain/deploy.ts";
import { findKnownGood } from "../../src/chain/knownGood.ts";
import { type DeploymentRecord, recordPath, writeRecord } from "../../src/chain/record.ts";
import { writeJson } from "../../src/jsonFile.ts";
import type { Lock } from "../../src/model/lock.ts";
import { projectPath } from "../../src/paths.ts";
import { type CommandResult, runTollgate } from "../cli/runTollgate.ts";
import { setUpShipped } from "../deployments/models.ts";

const NETWORK = "audited";
const RECORD = recordPath(NETWORK, 31_337);
const KEY_FOLDER = projectPath("circuits/generated/digits-mlp/dealer");

describe("the audit command", () => {
  let folder: string;
  let record: DeploymentRecord;
  let stop: () => Promise<void>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-audit-"));
    const server = await hre.network.createServer("default", "127.0.0.1", 0);
    const url = `http://127.0.0.1:${(await server.listen()).port}`;
    Object.assign(process.env, {
      HARDHAT_CONFIG: projectPath("test/audit/audited.config.ts"),
      TOLLGATE_AUDITED_URL: url,
    });
    const connection = await hre.network.create({ network: "localhost", override: { url } });
    record = await deployDigits(connection);
    await connection.close();
    stop = () => server.close();
  });

  beforeEach(() => writeRecord(RECORD, record));

  after(async () => {
    delete process.env.HARDHAT_CONFIG;
    delete process.env.TOLLGATE_AUDITED_URL;
    await stop();
    await rm(RECORD, { force: true });
    await rm(folder, { recursive: true });
  });

  async function deployDigits({ ethers }: Awaited<ReturnType<typeof hre.network.create>>): Promise<DeploymentRecord> {
    const [deployer] = await ethers.getSigners();
    const terms = { tollBps: 50, tollCollector: deployer.address, orderLife: 86_400 };
    const tollgate = await deployTollgate(ethers, deployer, terms);
    const model = await setUpShipped("digits-mlp");
    const royalty = { royaltyBps: 0, royaltyTo: ZeroAddress };
    const registration = await registerModel(tollgate.registry, deployer, model, "", royalty);
    const knownGoodProof = await findKnownGood(model, model.zkeyPath, projectPath("build/cache"));
    const network = { name: NETWORK, chainId: 31_337, commit: null };
    return recordOf(tollgate, terms, network, { "digits-mlp": { ...registration, setup: "dealer", knownGoodProof } });
  }

  const audit = (...args: string[]): Promise<CommandResult> => runTollgate(folder, "audit", ...args);

  /** Expects one line that matches, exit code 2, no stack trace, and no file but those that were there. */
  async function expectRefusal(message: RegExp, ...args: string[]): Promise<void> {
    const present = await readdir(folder);
    const { code, stderr } = await audit(...args, "--json", "refused.json");
    expect(stderr.split("\n").filter((line) => line.startsWith("error:"))).to.have.length(1);
    expect(stderr)
      .to.match(message)
      .and.not.match(/^\s+at /m);
    expect(code).to.equal(2);
    expect(await readdir(folder)).to.deep.equal(present);
  }

  const reportAt = async (name: string): Promise<AuditReport> =>
    AuditReport.parse(JSON.parse(await readFile(join(folder, name), "utf8")));

  it("rebuilds a sound model and its contracts, and names the link where a weight is another", async () => {
    const spoilt = join(folder, "spoilt");
    await cp(projectPath("circuits/models/digits-mlp"), spoilt, { recursive: true });
    const onnx = await readFile(join(spoilt, "model.onnx"));
    onnx[onnx.length / 2] ^= 1;
    await writeFile(join(spoilt, "model.onnx"), onnx);
    const [sound, broken] = await Promise.all([
      audit("digits-mlp", "--network", NETWORK, "--json", "sound.json"),
      audit("spoilt", "--json", "broken.json"),
    ]);
    expect(sound.code, sound.stderr).to.equal(0);
    expect(sound.stdout)
      .to.match(/Every link holds\.\n$/)
      .and.include("What remains on trust");
    const { models, ok } = await reportAt("sound.json");
    expect(ok && models[0].rows.every((row) => row.ok)).to.equal(true);
    expect(models[0].rows.filter(({ compared }) => compared.endsWith("as its constructor leaves it"))).to.have.length(
      8,
    );
    expect(broken.code).to.equal(1);
    expect(broken.stdout).to.match(/digits-mlp: broken link model\.onnx: lock\.json: sha256\.model\.onnx says 7d0a67/);
    expect((await reportAt("broken.json")).ok).to.equal(false);
  }).timeout(240_000);

  it("refuses models, keys and locks that are not right before anything is built", async () => {
    const [key, phase2] = [join(folder, "key"), join(folder, "phase2")];
    const lock = JSON.parse(await readFile(join(KEY_FOLDER, "lock.json"), "utf8")) as Lock;
    await writeJson(join(key, "lock.json"), { ...lock, circuitHash: `${lock.circuitHash.slice(0, -1)}g` });
    const contributions = [{ type: "contribution", name: "one", hash: "00".repeat(64) }];
    const ptau = { sha256: "00".repeat(32), power: 12, pinned: null };
    await writeJson(join(phase2, "lock.json"), { ...lock, setup: "self", ptau, contributions, beacon: null });
    await Promise.all([
      expectRefusal(/lock\.json: circuitHash: want 32 bytes/, "digits-mlp", "--key", "key"),
      expectRefusal(/lock\.json: setup: is self; give the powers of tau.*--ptau/, "digits-mlp", "--key", "phase2"),
      expectRefusal(/nothing-here: no such file or folder/, "nothing-here"),
    ]);
  });

  it("refuses a record of another chain, and one without the model", async () => {
    const network = ["digits-mlp", "--network", NETWORK];
    await writeJson(RECORD, { ...record, chainId: 1 });
    await expectRefusal(/audited\.json: chainId: the record is of chain 1, network audited is chain 31337/, ...network);
    await writeJson(RECORD, { ...record, models: {} });
    await expectRefusal(/deployment record of audited: models: has no digits-mlp, only none at all/, ...network);
  });
});
