import type { ProvingPool, ProvingQueue, ProvingTask, Proven } from "../../agent/proving/provingPool.ts";
import type { SellableModel } from "../../agent/provider/offer.ts";
import { infer, signalsOf } from "../../model/infer.ts";
import { mintProof, type Trapdoor } from "../../setup/mint.ts";

/**
 * A pool that proves with the dealer's secrets, in milliseconds: the contracts accept its proofs as any others. Its
 * tasks go through a queue, as those of real workers do, so that its writes are the same.
 */
export const mintingPool = (model: SellableModel, trapdoor: Trapdoor, queue: ProvingQueue): ProvingPool => ({
  prove: async (task, signal) => {
    signal?.throwIfAborted();
    await queue.push(task);
    const known = await queue.resultOf(task.subject);
    const result = known ?? (await proveNext(model, trapdoor, queue, task));
    signal?.throwIfAborted();
    if (result instanceof Error) throw result;
    return result;
  },
  secondsUntilProven: async () => 0,
  forget: (subject) => queue.drop(subject),
  close: async () => {},
});

/** Works on the queue until the task's result is there. */
async function proveNext(
  model: SellableModel,
  trapdoor: Trapdoor,
  queue: ProvingQueue,
  wanted: ProvingTask,
): Promise<Proven | Error> {
  for (;;) {
    const result = await queue.resultOf(wanted.subject);
    if (result !== undefined) return result;
    const task = (await queue.take([wanted.model])) ?? wanted;
    await queue.finish(task.subject, mint(model, trapdoor, task));
  }
}

function mint(model: SellableModel, trapdoor: Trapdoor, { opening, subject }: ProvingTask): Proven {
  const inference = infer(model.graph, opening.inputs, opening.salt);
  const proof = mintProof(trapdoor, signalsOf(inference, model.keyId, subject));
  return { words: inference.words, proof, seconds: 0 };
}
