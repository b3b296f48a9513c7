import { homedir } from "node:os";
import { join } from "node:path";
import { formatUnits, parseUnits, type Wallet } from "ethers";
import { pino } from "pino";
import { z } from "zod";
import type { AgentChain } from "../../src/agent/agentChain.ts";
import { agentLog } from "../../src/agent/http/agentLog.ts";
import { DEFAULT_LIMITS } from "../../src/agent/http/limits.ts";
import { DEFAULT_POLICY, type DeskPolicy } from "../../src/agent/provider/deskPolicy.ts";
import type { ProviderOptions } from "../../src/agent/runProvider.ts";
import { parseJsonFile } from "../../src/jsonFile.ts";
import { projectPath } from "../../src/paths.ts";
import { DEVELOPMENT_CHAIN_ID } from "../../src/setup/dealerConstants.ts";
import { callerPath } from "./callerPath.ts";
import { readOffers } from "./serveOffers.ts";
import type { ServeOptions } from "./serveOptions.ts";
import { readToken } from "./serveToken.ts";

/** Decimals of the tokens that the desk's own amounts are in. */
const POLICY_DECIMALS = 6n;

/** A provider as the options describe it, and its prices in words. Builds the models, telling progress. */
export async function settingsOf(
  options: ServeOptions,
  chain: AgentChain,
  wallet: Wallet,
): Promise<{ readonly settings: ProviderOptions; readonly prices: string }> {
  const isDevelopment = chain.chainId === DEVELOPMENT_CHAIN_ID;
  const { host, port, publicUrl, trustProxy, rate } = options;
  const token = await readToken(chain, options.token);
  const offers = await readOffers(chain, token, options);
  const { version } = await parseJsonFile(projectPath("package.json"), z.object({ version: z.string() }));
  const settings = {
    chain,
    wallet: wallet.connect(chain.provider),
    journalPath: journalPathOf(options, chain, wallet),
    offers,
    policy: policyOf(options, isDevelopment, token.decimals),
    fees: {
      maxFeePerGas: parseUnits(options.maxFee, "gwei"),
      maxPriorityFeePerGas: parseUnits(options.maxTip, "gwei"),
      bumpBlocks: 3,
      maxBumps: 6,
    },
    pollMilliseconds: isDevelopment ? 100 : 1_000,
    externalProver: options.prover === undefined ? undefined : callerPath(options.prover),
    http: { host, port, publicUrl, trustProxy, limits: { ...DEFAULT_LIMITS, requestsPerMinute: rate } },
    version,
    log: agentLog(pino.destination({ dest: 2, sync: true })),
  };
  const prices = offers.map(({ name, price }) => `${name} for ${formatUnits(price, token.decimals)} ${token.symbol}`);
  return { settings, prices: prices.join(", ") };
}

const journalPathOf = ({ journal }: ServeOptions, { chainId }: AgentChain, { address }: Wallet): string =>
  journal === undefined ? join(homedir(), ".tollgate", `provider-${chainId}-${address}.sqlite`) : callerPath(journal);

/** A development chain makes a block a transaction and none otherwise: nothing would ever lie deeper than one block. */
function policyOf({ confirmations, maxDelay }: ServeOptions, isDevelopment: boolean, decimals: number): DeskPolicy {
  const blocks = confirmations ?? (isDevelopment ? 1 : undefined);
  const inUnits = (amount: bigint) => (amount * 10n ** BigInt(decimals)) / 10n ** POLICY_DECIMALS;
  return {
    ...DEFAULT_POLICY,
    maxDelaySeconds: maxDelay,
    confirmations:
      blocks === undefined
        ? DEFAULT_POLICY.confirmations.map((step) => (step.upTo ? { ...step, upTo: inUnits(step.upTo) } : step))
        : [{ blocks }],
  };
}
