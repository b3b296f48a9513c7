import { openChaosMarket, type ChaosMarket } from "../market/chaosMarket.ts";
import { sabotageBuyer } from "./buyerWrites.ts";
import { sabotageProvider, type WriteRun } from "./providerWrites.ts";
import { SABOTAGES, type Sabotage, type SabotagePlan } from "./sabotagedJournal.ts";

const AGENTS = { provider: sabotageProvider, buyer: sabotageBuyer };

export type Agent = keyof typeof AGENTS;

/** One write of one agent's journal that went wrong. */
export interface WriteResult extends WriteRun {
  readonly agent: Agent;
  readonly kind: Sabotage;
  readonly write: number;
}

/** Runs at a time, each with a chain of its own. */
const LANES = 4;

export interface WritesOptions {
  /** Told before the first of an agent's runs how many writes there are to sabotage. */
  readonly onAgent: (agent: Agent, writes: number) => void;
  readonly onResult: (result: WriteResult) => void;
}

/** Sabotages every write of each agent's journal in every way. Throws where an agent fails without any sabotage. */
export async function runWrites(options: WritesOptions): Promise<WriteResult[]> {
  const markets = await Promise.all(Array.from({ length: LANES }, () => openChaosMarket()));
  try {
    const results: WriteResult[] = [];
    for (const agent of Object.keys(AGENTS) as Agent[]) results.push(...(await sabotageAll(agent, markets, options)));
    return results;
  } finally {
    await Promise.all(markets.map((market) => market.close()));
  }
}

async function sabotageAll(
  agent: Agent,
  markets: readonly ChaosMarket[],
  { onAgent, onResult }: WritesOptions,
): Promise<WriteResult[]> {
  const { writes, violations } = await AGENTS[agent](markets[0], undefined);
  if (violations.length > 0) throw new Error(`the ${agent} fails by itself: ${violations.join("; ")}`);
  onAgent(agent, writes);
  const waiting = Array.from({ length: writes }, (_, index) =>
    SABOTAGES.map((kind): SabotagePlan => ({ write: index + 1, kind })),
  ).flat();
  const results: WriteResult[] = [];
  const runLane = async (market: ChaosMarket) => {
    for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) {
      const result = { agent, ...plan, ...(await AGENTS[agent](market, plan)) };
      results.push(result);
      onResult(result);
    }
  };
  await Promise.all(markets.map(runLane));
  return results.sort((a, b) => a.write - b.write);
}
