import { Command } from "commander";
import { connectAgent } from "../src/agent/agentChain.ts";
import { runProvider } from "../src/agent/runProvider.ts";
import { step } from "./terminal/progress.ts";
import { readAgentKey } from "./terminal/agentKey.ts";
import { withServeOptions, type ServeOptions } from "./terminal/serveOptions.ts";
import { readAgentRecord } from "./terminal/agentRecord.ts";
import { settingsOf } from "./terminal/serveSettings.ts";
import { toldToStop } from "./terminal/toldToStop.ts";

export const serveCommand = (): Command =>
  withServeOptions(
    new Command("serve").description("sell inferences over HTTP: x402 payments, each settled against its proof"),
  ).action(serve);

async function serve(options: ServeOptions): Promise<void> {
  // The journal holds clients' inputs: nobody else on the machine may read what is written here.
  process.umask(0o077);
  const wallet = await readAgentKey(options.keyFile, "TOLLGATE_PROVIDER_KEY");
  const chain = await connectAgent(options.rpc, await readAgentRecord(options.record, options.network));
  const { settings, prices } = await settingsOf(options, chain, wallet);
  const { url, close } = await step(
    "Opening the provider",
    () => runProvider(settings),
    () => `Sells ${prices}`,
  );
  console.log(`  ${wallet.address} on chain ${chain.chainId}; journal ${settings.journalPath}`);
  console.log(`  Serving ${url}/.well-known/agent-card.json`);
  await toldToStop();
  await step("Ending the step in hand", close, () => "Closed the journal");
  chain.close();
}
