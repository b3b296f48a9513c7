import { Writable } from "node:stream";
import { once, EventEmitter } from "node:events";
import { readFile } from "node:fs/promises";
import { Wallet } from "ethers";
import { idOfOrder, type Order } from "../../src/agent/order.ts";
import { agentLog } from "../../src/agent/http/agentLog.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/agent/http/limits.ts";
import { listen, type Listening } from "../../src/agent/http/listen.ts";
import { providerMetrics } from "../../src/agent/http/metrics.ts";
import { providerApp, type ProviderAppOptions } from "../../src/agent/http/providerApp.ts";
import { Refusal, type Desk, type JobView, type RefusalCode } from "../../src/agent/provider/desk.ts";
import type { Offer } from "../../src/agent/provider/offer.ts";
import type { DeploymentRecord } from "../../src/chain/record.ts";
import { packWords } from "../../src/codec/codec.ts";
import { FUNDING, toBytes32, type Job } from "../../src/codec/statement.ts";
import type { IntegerGraph } from "../../src/ir/integerGraph.ts";
import { projectPath } from "../../src/paths.ts";

/** An address of no importance. */
const address = (digit: string): string => `0x${digit.repeat(40)}`;

const NAMES = [
  "ModelRegistry",
  "SettlementRegistry",
  "InferenceEscrow",
  "PrepaidOrders",
  "AllowanceCollector",
  "AuthorizationCollector",
  "NativeCollector",
  "Permit2Collector",
] as const;

/** The addresses of a deployment: all that the HTTP face reads of a record. */
export const RECORD = {
  chainId: 31_337,
  contracts: Object.fromEntries(NAMES.map((name, index) => [name, { address: address(String(index + 1)) }])),
} as unknown as DeploymentRecord;

export const client = new Wallet(toBytes32(7n));
const provider = new Wallet(toBytes32(8n)).address;
const graph = JSON.parse(
  await readFile(projectPath("circuits/generated/digits-mlp/graph.json"), "utf8"),
) as IntegerGraph;

export const offer: Offer = {
  name: "digits-mlp",
  title: "Digits",
  model: { graph, keyId: toBytes32(2n), modelHash: toBytes32(3n), wordCount: 1 } as unknown as Offer["model"],
  modelId: 5n,
  setup: "dealer",
  token: address("9"),
  tokenDomain: { name: "Signed Dollar", version: "1" },
  price: 2_000_000n,
  maxSeconds: 3_600,
  methods: ["eip3009", "allowance", "prepaid"],
};

export const opening = () => ({
  inputs: graph.inputs.map(({ shape }) => Array(shape.reduce((a, b) => a * b)).fill("0") as string[]),
  salt: "12345678901234567890123456789012345678901234567890",
});

export const job = (changes: Partial<Job> = {}): Job => ({
  client: client.address,
  provider,
  token: offer.token,
  amount: offer.price,
  bond: 0n,
  modelId: offer.modelId,
  inputCommitment: toBytes32(1n),
  acceptBy: 0n,
  deadline: 2_000_000_000n,
  funding: FUNDING.allowance,
  nonce: 1n,
  ...changes,
});

/** The integers of a result. */
const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, -9];
/** Its real numbers. */
export const VALUES = DIGITS.map((integer) => integer * graph.outputs[0].scale);

/** Result of a job, of the form that proofs have. */
export const RESULT = {
  words: packWords(graph.outputs, [DIGITS.map(BigInt), [8n]]),
  proof: [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n],
} as const;

/**
 * A desk for the transport's tests: takes every order, and goes on with a job when the test says so. What a desk decides
 * about orders is tested with the real one.
 */
export class TestDesk implements Desk {
  readonly provider = provider;
  readonly chainId = 31_337n;
  readonly offers = [offer];
  readonly views = new Map<string, JobView>();
  readonly changes = new EventEmitter();
  /** Thrown by the next call that takes an order. */
  fails: Error | undefined;
  healthy = true;
  healthAsked = 0;
  followers = 0;

  async check(): Promise<void> {}

  async accept(order: Order): Promise<JobView> {
    if (this.fails !== undefined) throw this.fails;
    const jobId = idOfOrder(order, this.chainId);
    const known = this.views.get(jobId);
    if (known !== undefined) return known;
    return this.put({ jobId, contract: order.contract, job: order.job, model: offer.name, status: "accepted" });
  }

  put(view: JobView): JobView {
    this.views.set(view.jobId, view);
    this.changes.emit("change");
    return view;
  }

  async deliverInput(jobId: string): Promise<JobView> {
    if (this.fails !== undefined) throw this.fails;
    return this.job(jobId);
  }

  job(jobId: string): JobView {
    const view = this.views.get(jobId);
    if (view === undefined) throw new Refusal("unknown-job", `${jobId}: no such job`);
    return view;
  }

  async result(jobId: string, milliseconds: number, signal?: AbortSignal): Promise<JobView> {
    const late = AbortSignal.any([AbortSignal.timeout(milliseconds), ...(signal ? [signal] : [])]);
    while (!late.aborted && this.job(jobId).result === undefined && this.job(jobId).status !== "closed")
      await once(this.changes, "change", { signal: late }).catch(() => undefined);
    return this.job(jobId);
  }

  async *follow(jobId: string, signal: AbortSignal): AsyncIterable<JobView> {
    this.followers += 1;
    try {
      for (let view = this.job(jobId); !signal.aborted; view = this.job(jobId)) {
        yield view;
        if (["settled", "closed"].includes(view.status)) return;
        await once(this.changes, "change", { signal }).catch(() => undefined);
      }
    } finally {
      this.followers -= 1;
    }
  }

  async health() {
    this.healthAsked += 1;
    return { ok: this.healthy, jobs: { proven: 2 }, proving: 1, balance: 10n ** 18n };
  }
}

export interface TestProvider extends Listening {
  readonly desk: TestDesk;
  /** All that was logged. */
  readonly log: () => string;
}

/** Serves a test desk on a free port. */
export async function openTestProvider(
  limits: Partial<Limits> = {},
  options: Partial<ProviderAppOptions> = {},
): Promise<TestProvider> {
  const lines: string[] = [];
  const destination = new Writable({ write: (line, _, done) => done(void lines.push(String(line)) as undefined) });
  const desk = new TestDesk();
  const all = { ...DEFAULT_LIMITS, ...limits };
  const log = agentLog(destination);
  const app = providerApp(desk, {
    record: RECORD,
    version: "1.0.0",
    log,
    metrics: providerMetrics(),
    limits: all,
    ...options,
  });
  return { desk, log: () => lines.join(""), ...(await listen(app, { host: "127.0.0.1", port: 0, limits: all })) };
}

/** A refusal of each code, as a desk throws it. */
export const refusal = (code: RefusalCode): Refusal => new Refusal(code, `refused: ${code}`);
