import { stat } from "node:fs/promises";
import { onFile } from "../../errors.ts";
import type { ProvingModels } from "./provingPool.ts";

/** Proofs of a model whose times count; the slowest of them is what the next is expected to take. */
const REMEMBERED = 8;
/** Expected of a model that has not been proven yet. Two cores do mnist-lenet, whose key has 69 megabytes, in 7 seconds. */
const GUESSED_BYTES_PER_SECOND = 1_000_000;
/** Of starting a worker and loading a key, before that has been measured. */
const GUESSED_LOAD_SECONDS = 5;

/** How long proofs take on this machine. */
export class ProvingTimes {
  readonly #keyBytes: ReadonlyMap<string, number>;
  readonly #proofs = new Map<string, number[]>();
  readonly #loads = new Map<string, number>();

  private constructor(keyBytes: ReadonlyMap<string, number>) {
    this.#keyBytes = keyBytes;
  }

  /** Throws InputError where a proving key is missing. */
  static async of(models: ProvingModels): Promise<ProvingTimes> {
    const keyBytes = new Map<string, number>();
    for (const [name, { zkeyPath }] of Object.entries(models))
      keyBytes.set(name, (await onFile(zkeyPath, "read", () => stat(zkeyPath))).size);
    return new ProvingTimes(keyBytes);
  }

  /** Notes a proof; `loadSeconds` is what starting the worker and loading the key took, 0 where both were warm. */
  record(model: string, proofSeconds: number, loadSeconds: number): void {
    this.#proofs.set(model, [...(this.#proofs.get(model) ?? []), proofSeconds].slice(-REMEMBERED));
    if (loadSeconds > 0) this.#loads.set(model, loadSeconds);
  }

  /** The slowest of the last proofs. Before there is one, a second for each megabyte of the proving key. */
  proofSeconds(model: string): number {
    const measured = this.#proofs.get(model);
    return measured === undefined ? this.#keyBytes.get(model)! / GUESSED_BYTES_PER_SECOND : Math.max(...measured);
  }

  /** What it took to load the model's key the last time. */
  loadSeconds(model: string): number {
    return this.#loads.get(model) ?? GUESSED_LOAD_SECONDS;
  }
}
