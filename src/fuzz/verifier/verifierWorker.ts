import { connectChain } from "../../chain/localChain.ts";
import { type VerifierBatch, type VerifierSetting, judgeBatch } from "./judgeBatch.ts";
import { createJudges } from "./judges.ts";

// A process of its own: told its setting first, then batches, each of which it answers.
process.once("message", async ({ keys, codes, seed, folder }: VerifierSetting) => {
  const { connection } = await connectChain();
  const judge = await createJudges(connection, keys, codes, folder);
  process.on("message", async (batch: VerifierBatch) => process.send!(await judgeBatch(judge, { keys, seed }, batch)));
  process.send!("ready");
});
