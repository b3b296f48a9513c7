import { homedir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { parseUnits, type Wallet } from "ethers";
import { pino } from "pino";
import { z } from "zod";
import { connectAgent, type AgentChain } from "../src/agent/agentChain.ts";
import { agentLog } from "../src/agent/http/agentLog.ts";
import { DEFAULT_LIMITS } from "../src/agent/http/limits.ts";
import { DEFAULT_POLICY } from "../src/agent/provider/deskPolicy.ts";
import { runProvider, type ProviderOptions } from "../src/agent/runProvider.ts";
import { parseJsonFile } from "../src/jsonFile.ts";
import { projectPath } from "../src/paths.ts";
import { DEVELOPMENT_CHAIN_ID } from "../src/setup/dealerConstants.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { step } from "./terminal/progress.ts";
import { readProviderKey } from "./terminal/serveKey.ts";
import { readOffers } from "./terminal/serveOffers.ts";
import { withServeOptions, type ServeOptions } from "./terminal/serveOptions.ts";
import { readServedRecord } from "./terminal/serveRecord.ts";
import { toldToStop } from "./terminal/toldToStop.ts";

export const serveCommand = (): Command =>
  withServeOptions(
    new Command("serve").description("sell inferences over HTTP: x402 payments, each settled against its proof"),
  ).action(async (options: ServeOptions) => {
    // The journal holds clients' inputs: nobody else on the machine may read what is written here.
    process.umask(0o077);
    const wallet = await readProviderKey(options.keyFile);
    const chain = await connectAgent(options.rpc, await readServedRecord(options));
    const settings = await settingsOf(options, chain, wallet);
    const { url, close } = await step(
      "Opening the provider",
      () => runProvider(settings),
      (provider) => `Serving ${settings.offers.map(({ name }) => name).join(", ")} at ${provider.url}`,
    );
    console.log(
      `  ${wallet.address} on chain ${chain.chainId}, journal ${settings.journalPath}\n  Card: ${url}/.well-known/agent-card.json`,
    );
    await toldToStop();
    await step("Ending the step in hand", close, () => "Closed the journal");
    chain.close();
  });

/** Chains of development make a block a transaction and none otherwise: nothing would ever be deeper than one block. */
async function settingsOf(options: ServeOptions, chain: AgentChain, wallet: Wallet): Promise<ProviderOptions> {
  const isDevelopment = chain.chainId === DEVELOPMENT_CHAIN_ID;
  const blocks = options.confirmations ?? (isDevelopment ? 1 : undefined);
  const { host, port, publicUrl, trustProxy, rate } = options;
  const name = `provider-${chain.chainId}-${wallet.address}.sqlite`;
  const { version } = await parseJsonFile(projectPath("package.json"), z.object({ version: z.string() }));
  return {
    chain,
    wallet: wallet.connect(chain.provider),
    journalPath: options.journal === undefined ? join(homedir(), ".tollgate", name) : callerPath(options.journal),
    offers: await readOffers(chain, options),
    policy: {
      ...DEFAULT_POLICY,
      maxDelaySeconds: options.maxDelay,
      ...(blocks !== undefined && { confirmations: [{ blocks }] }),
    },
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
}
