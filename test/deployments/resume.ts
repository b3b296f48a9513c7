import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ZeroAddress, id } from "ethers";
import { CREATE_X, CREATED_TOPIC } from "../../src/chain/createX.ts";
import { prepareDeployment, stepsToSend, type PreparedDeployment } from "../../src/chain/deployment/prepare.ts";
import { sendDeployment } from "../../src/chain/deployment/send.ts";
import type { DeploymentPlan } from "../../src/chain/deployment/plan.ts";
import { findKnownGood } from "../../src/chain/knownGood.ts";
import type { DeploymentRecord } from "../../src/chain/record.ts";
import { InputError } from "../../src/errors.ts";
import { projectPath } from "../../src/paths.ts";
import type { Fate, RpcCall } from "./rpcProxy.ts";
import { serveChain, type ServedChain } from "./servedChain.ts";
import { setUpShipped } from "./models.ts";

const SENDS = new Set(["eth_sendTransaction", "eth_sendRawTransaction"]);
/** The factory's own deployment, four contracts, a key and a model. */
const TRANSACTIONS = 7;

describe("a deployment that is dropped", () => {
  let served: ServedChain;
  let prepared: PreparedDeployment;
  let undisturbed: DeploymentRecord;
  let journals: string;
  let fresh: unknown;

  const send = () => sendDeployment(served.chain, prepared, { journals, commit: null, onDone: () => {} });

  before(async () => {
    served = await serveChain("localhost", 31_337);
    const model = await setUpShipped("digits-mlp");
    const knownGoodProof = await findKnownGood(model, model.zkeyPath, projectPath("build/cache"));
    const [, tollCollector] = await served.chain.ethers.getSigners();
    const plan: DeploymentPlan = {
      terms: { tollBps: 50, tollCollector: tollCollector.address, orderLife: 86_400 },
      models: {
        "digits-mlp": { model, uri: "", royaltyBps: 0, royaltyTo: ZeroAddress, setup: "dealer", knownGoodProof },
      },
    };
    prepared = await prepareDeployment(served.chain, plan, undefined);
    fresh = await served.rpc("evm_snapshot");
    journals = await mkdtemp(join(tmpdir(), "tollgate-journals-"));
    undisturbed = await send();
  });

  beforeEach(async () => {
    served.proxy.reset();
    await served.rpc("evm_revert", fresh);
    fresh = await served.rpc("evm_snapshot");
    await rm(journals, { recursive: true, force: true });
  });

  after(async () => {
    await rm(journals, { recursive: true, force: true });
    await served.close();
  });

  for (let failing = 1; failing <= TRANSACTIONS; failing++) {
    for (const fate of ["dropBefore", "dropAfter"] as const) {
      it(`at transaction ${failing} (${fate}) goes on where it stopped`, async () => {
        dropFrom(failing, fate);
        const dropped = await send().then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(dropped).to.be.instanceOf(InputError);
        expect((dropped as Error).message).to.match(
          /^network localhost: the connection broke .*; run the same command again/,
        );
        served.proxy.reset();
        await expectWhole(await send());
      });
    }
  }

  it("goes on without its journal", async () => {
    dropFrom(5, "dropAfter");
    await send().catch(() => {});
    served.proxy.reset();
    await rm(journals, { recursive: true });
    expect(await stepsToSend(prepared, served.chain)).to.have.lengthOf(TRANSACTIONS - 5);
    await expectWhole(await send());
  });

  it("sends nothing when it is whole", async () => {
    await send();
    const sent: string[] = [];
    served.proxy.fate = ({ method }) => {
      if (SENDS.has(method)) sent.push(method);
      return "pass";
    };
    await expectWhole(await send());
    expect(sent).to.deep.equal([]);
  });

  it("starts anew where journal and record are of a chain that is gone", async () => {
    const gone = await send();
    await served.rpc("evm_revert", fresh);
    fresh = await served.rpc("evm_snapshot");
    const again = await prepareDeployment(served.chain, prepared.plan, gone);
    expect(again.earlier).to.equal(undefined);
    await expectWhole(await send());
  });

  /** The connection is gone from this transaction on. */
  function dropFrom(failing: number, fate: Fate): void {
    let sends = 0;
    served.proxy.fate = ({ method }: RpcCall) => {
      if (SENDS.has(method)) sends++;
      if (sends < failing) return "pass";
      return SENDS.has(method) && sends === failing ? fate : "dropBefore";
    };
  }

  async function expectWhole(record: DeploymentRecord): Promise<void> {
    expect(withoutTransactions(record)).to.deep.equal(withoutTransactions(undisturbed));
    const { provider } = served.chain.ethers;
    const logs = async (address: string, topic: string) =>
      (await provider.getLogs({ address, topics: [topic], fromBlock: 0 })).length;
    const registry = record.contracts.ModelRegistry.address;
    expect(await logs(CREATE_X, CREATED_TOPIC)).to.equal(4);
    expect(await logs(registry, id("KeyPublished(bytes32,address,address,uint16)"))).to.equal(1);
    expect(
      await logs(registry, id("ModelRegistered(uint256,address,(bytes32,bytes32,bytes32,bytes4,string))")),
    ).to.equal(1);
    // One transaction a step from the deployer: none was sent that did nothing.
    expect(await provider.getTransactionCount(prepared.sender)).to.equal(TRANSACTIONS - 1);
  }
});

const withoutTransactions = (record: DeploymentRecord): unknown =>
  JSON.parse(JSON.stringify(record, (key, value: unknown) => (key === "transaction" || key === "block" ? 0 : value)));
