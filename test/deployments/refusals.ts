import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { CREATE_X } from "../../src/chain/createX.ts";
import { costOf, requireFunds } from "../../src/chain/deployment/cost.ts";
import { findEarlier, prepareDeployment, stepsToSend } from "../../src/chain/deployment/prepare.ts";
import { sendDeployment } from "../../src/chain/deployment/send.ts";
import type { DeploymentPlan, PlannedModel } from "../../src/chain/deployment/plan.ts";
import { precompileVectors, requirePrecompiles } from "../../src/chain/deployment/precompiles.ts";
import { findKnownGood } from "../../src/chain/knownGood.ts";
import { connectChain } from "../../src/chain/localChain.ts";
import { readRecord, recordPath, writeRecord, type DeploymentRecord } from "../../src/chain/record.ts";
import { requireSettled, type DeployOptions } from "../../scripts/terminal/deployOptions.ts";
import { cleanCommit } from "../../scripts/terminal/gitCommit.ts";
import { InputError } from "../../src/errors.ts";
import { projectPath } from "../../src/paths.ts";
import type { RpcCall } from "./rpcProxy.ts";
import { factoryCode, serveChain, type ServedChain } from "./servedChain.ts";
import { setUpShipped } from "./models.ts";

const SEPOLIA = 11_155_111;
const COLLECTOR = "0x00000000000000000000000000000000000000AA";
const TERMS = { tollBps: 50, tollCollector: COLLECTOR, orderLife: 86_400 };
const CONTRACTS: DeploymentPlan = { terms: TERMS, models: {} };

describe("a deployment is refused", () => {
  let served: ServedChain;
  let journals: string;
  let dealt: PlannedModel;

  before(async () => {
    served = await serveChain("sepolia", SEPOLIA);
    await served.rpc("hardhat_setCode", CREATE_X, await factoryCode());
    const model = await setUpShipped("digits-mlp");
    const knownGoodProof = await findKnownGood(model, model.zkeyPath, projectPath("build/cache"));
    dealt = { model, uri: "", royaltyBps: 0, royaltyTo: ZeroAddress, setup: "dealer", knownGoodProof };
    journals = await mkdtemp(join(tmpdir(), "tollgate-journals-"));
  });

  afterEach(() => served.proxy.reset());

  after(async () => {
    await rm(journals, { recursive: true, force: true });
    await served.close();
  });

  /** The message is one line of ours, and nothing was sent unless `sends`. */
  async function refuses(work: () => Promise<unknown>, message: RegExp, sends = false): Promise<void> {
    const sent: string[] = [];
    const { fate } = served.proxy;
    served.proxy.fate = (call) => {
      if (call.method.startsWith("eth_send")) sent.push(call.method);
      return fate(call);
    };
    const refusal = await work().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).to.be.instanceOf(InputError);
    expect((refusal as Error).message).to.match(message);
    expect(sent.length > 0).to.equal(sends);
  }

  const prepare = (plan = CONTRACTS, earlier?: DeploymentRecord) => prepareDeployment(served.chain, plan, earlier);

  it("where the network's variables are not set", () =>
    refuses(
      () => connectChain("baseSepolia"),
      /^network baseSepolia: BASE_SEPOLIA_RPC_URL is not set, run: npx hardhat keystore set BASE_SEPOLIA_RPC_URL$/,
    ));

  it("where a variable holds something else, without showing it", async () => {
    process.env.ARBITRUM_SEPOLIA_RPC_URL = "no url";
    await refuses(
      () => connectChain("arbitrumSepolia"),
      /^network arbitrumSepolia: ARBITRUM_SEPOLIA_RPC_URL is not a URL$/,
    );
    process.env.BASE_SEPOLIA_RPC_URL = served.proxy.url;
    process.env.BASE_SEPOLIA_DEPLOYER_KEY = "0x1234";
    await refuses(
      () => connectChain("baseSepolia"),
      /^network baseSepolia: BASE_SEPOLIA_DEPLOYER_KEY is not a private key of 32 bytes in hex, with 0x$/,
    );
    for (const name of ["ARBITRUM_SEPOLIA_RPC_URL", "BASE_SEPOLIA_RPC_URL", "BASE_SEPOLIA_DEPLOYER_KEY"])
      delete process.env[name];
  });

  it("where another chain answers than the configuration names", async () => {
    process.env.OPTIMISM_SEPOLIA_RPC_URL = served.proxy.url;
    process.env.OPTIMISM_SEPOLIA_DEPLOYER_KEY = `0x${"11".repeat(32)}`;
    await refuses(
      () => connectChain("optimismSepolia"),
      /^network optimismSepolia: chain 11155111 answers, hardhat\.config\.ts wants 11155420$/,
    );
    delete process.env.OPTIMISM_SEPOLIA_RPC_URL;
    delete process.env.OPTIMISM_SEPOLIA_DEPLOYER_KEY;
  });

  it("by a node that lies about its chain id", async () => {
    const liar = await serveChain("localhost", 1_337);
    liar.proxy.answer = ({ method }, result) => (method === "eth_chainId" ? "0x7a69" : result);
    await refuses(
      () => prepareDeployment(liar.chain, CONTRACTS, undefined),
      /^network localhost: the node says chain 31337, contracts there see chain 1337$/,
    );
    await liar.close();
  });

  it("on a connection that breaks before anything is sent", async () => {
    served.proxy.fate = ({ method }) => (method === "eth_call" ? "dropBefore" : "pass");
    await refuses(() => prepare(), /^network sepolia: the connection broke \(.*\); nothing was sent$/);
  });

  it("on a chain without transient storage", async () => {
    served.proxy.answer = (call, result) => (isProbe(call, 0) ? "0x" : result);
    await refuses(() => requirePrecompiles(served.chain.rpc, "x"), /^network x: no transient storage/);
  });

  precompileVectors().forEach(({ name, wanted }, index) => {
    it(`on a chain whose precompiles are wrong about ${name}`, async () => {
      // The opposite outcome: a failure where there is an answer, an answer of one word where it fails.
      const flipped =
        wanted === "failure" ? `0x${"1".padStart(64, "0")}${"1".padStart(64, "0")}` : `0x${"0".repeat(64)}`;
      let probes = 0;
      served.proxy.answer = (call, result) => (isProbe(call) && probes++ === index + 1 ? flipped : result);
      await refuses(
        () => requirePrecompiles(served.chain.rpc, "x"),
        new RegExp(`^network x: precompile \\d, ${name}: got `),
      );
    });
  });

  it("on a chain without the factory, or with another", async () => {
    const answer =
      (code: string) =>
      ({ method, params }: RpcCall, result: unknown) =>
        method === "eth_getCode" && (params[0] as string).toLowerCase() === CREATE_X.toLowerCase() ? code : result;
    served.proxy.answer = answer("0x");
    await refuses(() => prepare(), /^network sepolia: no code at 0xba5E.*, want the factory CreateX/);
    served.proxy.answer = answer("0x00");
    await refuses(() => prepare(), /^network sepolia: other code at 0xba5E/);
  });

  it("of a dealer's key off chain 31337", () =>
    refuses(
      () => prepare({ terms: TERMS, models: { "digits-mlp": dealt } }),
      /^chain 11155111: the key is the dealer's, whose secrets are public; want chain 31337$/,
    ));

  describe("by its options", () => {
    const options: DeployOptions = {
      network: "sepolia",
      model: false,
      key: new Map(),
      tollBps: 0,
      tollCollector: COLLECTOR,
      orderLife: 86_400,
    };
    const commit = "5a".repeat(20);
    const settle = (changes: Partial<DeployOptions>, at: string | null = commit) =>
      requireSettled(served.chain, { ...options, ...changes }, at);

    it("which are right otherwise", async () => {
      const terms = { tollBps: 0, tollCollector: COLLECTOR, orderLife: 86_400 };
      expect(await settle({})).to.deep.equal({ chainId: BigInt(SEPOLIA), commit, terms });
      expect((await settle({ dryRun: true }, null)).commit).to.equal(null);
    });

    it("without a collector of tolls", () =>
      refuses(() => settle({ tollCollector: undefined }), /^chain 11155111: give --toll-collector ADDRESS/));

    it("from files that differ from the last commit", () =>
      refuses(() => settle({}, null), /^chain 11155111: files differ from the last commit/));

    it("with a model that has the dealer's key only, before it is built", () =>
      refuses(
        () => settle({ model: ["mnist-lenet"] }),
        /^chain 11155111: mnist-lenet has only the dealer's key, .* give --key mnist-lenet=FOLDER --ptau FILE$/,
      ));

    it("with a key of no model, or without powers of tau to check it against", async () => {
      const key = new Map([["digits-mlp", "keys"]]);
      await refuses(() => settle({ key, ptau: "a.ptau" }), /^--key digits-mlp: is not among the models to register/);
      await refuses(() => settle({ key, model: ["digits-mlp"] }), /^--key: is checked again, give --ptau FILE too$/);
    });

    it("telling by git whether files differ", async () => {
      const checkout = await mkdtemp(join(tmpdir(), "tollgate-checkout-"));
      const git = (...args: string[]) =>
        execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], { cwd: checkout });
      expect(cleanCommit(checkout)).to.equal(null);
      git("init", "--quiet");
      await writeFile(join(checkout, "file"), "one");
      git("add", "file");
      git("commit", "--quiet", "--message", "one");
      expect(cleanCommit(checkout)).to.match(/^[0-9a-f]{40}$/);
      await writeFile(join(checkout, "another"), "");
      expect(cleanCommit(checkout)).to.equal(null);
      await rm(checkout, { recursive: true });
    });
  });

  it("where the record is of other contracts", async () => {
    const { layout } = await prepare();
    const contracts = Object.entries(layout.addresses).map(([name, address]) => [name, { address }]);
    const recorded = { contracts: Object.fromEntries(contracts) as unknown, models: {} } as DeploymentRecord;
    await refuses(
      () => prepare({ ...CONTRACTS, terms: { ...TERMS, tollBps: 51 } }, recorded),
      /deployments\/sepolia\.json: records InferenceEscrow 0x.*move the file away/,
    );
  });

  it("where the record is of another chain or network", async () => {
    const path = recordPath("refusals", 31_337);
    const { layout } = await prepare();
    const hash = `0x${"00".repeat(32)}`;
    const contract = (address: string) => ({
      address,
      transaction: hash,
      block: 1,
      deployer: COLLECTOR,
      arguments: [],
      runtimeCodeHash: hash,
    });
    const contracts = Object.fromEntries(
      Object.entries(layout.addresses).map(([name, address]) => [name, contract(address)]),
    ) as unknown as DeploymentRecord["contracts"];
    await writeRecord(path, { network: "refusals", chainId: 1, commit: null, contracts, models: {} });
    await refuses(
      () => readRecord("refusals", 31_337),
      /chainId: the record is of chain 1, network refusals is chain 31337$/,
    );
    await writeRecord(path, { network: "sepolia", chainId: 31_337, commit: null, contracts, models: {} });
    await refuses(() => readRecord("refusals", 31_337), /network: the record is of sepolia, want refusals$/);
    expect(await findEarlier({ ...served.chain, name: "refusals" }, 31_337n)).to.equal(undefined);
    await rm(path);
  });

  it("for a known-good proof that the registry does not accept", async () => {
    const local = await serveChain("localhost", 31_337);
    const { knownGoodProof } = dealt;
    const words = [String(BigInt(knownGoodProof.words[0]) + 1n)];
    const models = { "digits-mlp": { ...dealt, knownGoodProof: { ...knownGoodProof, words } } };
    await refuses(
      () => prepareDeployment(local.chain, { terms: TERMS, models }, undefined),
      /^model digits-mlp, 0x.*: its known-good proof: the registry at 0x.* refuses: InvalidProof/,
    );
    await local.close();
  });

  it("to a sender who cannot pay for it", async () => {
    const prepared = await prepare();
    const cost = await costOf(prepared, await stepsToSend(prepared, served.chain), served.chain);
    await requireFunds(prepared, cost, served.chain);
    await served.rpc("hardhat_setBalance", prepared.sender, "0x10");
    await refuses(
      () => requireFunds(prepared, cost, served.chain),
      /^network sepolia: 0xf39F.* has 16 wei, the deployment costs at least \d{10,}$/,
    );
    await served.rpc("hardhat_setBalance", prepared.sender, "0x21e19e0c9bab2400000");
  });

  it("a record for a node that says success and shows no code", async () => {
    const prepared = await prepare();
    const { ModelRegistry } = prepared.layout.addresses;
    const send = () => sendDeployment(served.chain, prepared, { journals, commit: null, onDone: () => {} });
    served.proxy.answer = ({ method, params }, result) =>
      method === "eth_getCode" && (params[0] as string).toLowerCase() === ModelRegistry.toLowerCase() ? "0x" : result;
    await refuses(send, /^network sepolia: no code at 0x.* after the deployment, want ModelRegistry 0x/, true);
    await served.rpc("hardhat_mine", "0x5");
    await refuses(
      send,
      /^network sepolia: ModelRegistry at 0x.* was deployed by an earlier run and the node does not show it$/,
    );
    served.proxy.reset();
    expect((await send()).contracts.ModelRegistry.address).to.equal(ModelRegistry);
  });

  let probe = 0;
  function isProbe({ method, params }: RpcCall, index?: number): boolean {
    const [call] = params as [{ to?: string }];
    const is = method === "eth_call" && call.to === undefined;
    return index === undefined ? is : is && probe++ === index;
  }
});
