import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Wallet } from "ethers";
import { openBuyer, type Buyer } from "../../agent/buyer/buyer.ts";
import { writeRecord } from "../../chain/record.ts";
import { startNode } from "../../demo/agents/child.ts";
import { projectPath } from "../../paths.ts";
import { type ChaosMarket, PRICE } from "../market/chaosMarket.ts";

/** The serve command, running over the market's chain as its own process, which mines each transaction at once. */
export interface ServedProvider {
  readonly url: string;
  readonly pid: number;
  /** A buyer with a journal of its own, for one of the market's clients. */
  readonly buyer: (client: number) => Promise<Buyer>;
  /** Seconds of all proofs so far. */
  readonly provingSeconds: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** Requests a minute: all buyers of a load come from one address. */
const RATE = 100_000;

export async function serveMarket(market: ChaosMarket): Promise<ServedProvider> {
  const { ask, proxy, record, offer, parties, keyOf } = market;
  await ask("evm_setAutomine", [true]);
  const folder = await mkdtemp(join(tmpdir(), "tollgate-serve-"));
  const recordPath = join(folder, "record.json");
  await writeRecord(recordPath, record);
  const options = {
    record: recordPath,
    rpc: proxy.direct,
    model: `${offer.name}=${PRICE}`,
    token: offer.token,
    journal: join(folder, "provider.sqlite"),
    port: "0",
    rate: String(RATE),
    "max-delay": "1",
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const child = startNode(projectPath("scripts/tollgate.ts"), ["serve", ...args], {
    TOLLGATE_PROVIDER_KEY: keyOf(parties.provider),
  });
  const [, url] = await child.said(/(http:\/\/127\.0\.0\.1:\d+)\/\.well-known/);
  return {
    url,
    pid: child.pid,
    buyer: (client) => {
      const wallet = new Wallet(keyOf(parties.clients[client]), market.chain.provider);
      const journal = join(folder, `buyer-${client}.sqlite`);
      const limits = { perDay: 1_000n * PRICE };
      return openBuyer({ rpcUrl: proxy.direct, record, wallet, journal, token: offer.token, limits });
    },
    provingSeconds: () => provingSecondsAt(url),
    close: async () => {
      child.kill("SIGTERM");
      await child.ended;
      await ask("evm_setAutomine", [false]);
      await rm(folder, { recursive: true });
    },
  };
}

async function provingSecondsAt(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const sums = [...metrics.matchAll(/^tollgate_proving_seconds_sum\S* (\S+)$/gm)];
  return sums.reduce((sum, [, seconds]) => sum + Number(seconds), 0);
}
