import { id } from "ethers";
import { randomSalt } from "../codec/commitment.ts";
import { createProver } from "../groth16/prover.ts";
import { encodeInputs } from "../ir/encodeInputs.ts";
import { infer } from "./infer.ts";
import { proveInference, type ProvenInference } from "./proveInference.ts";
import type { SetUpModel } from "./setupModel.ts";

/** Seconds of one proof: the first in a process, and the median of `runs` later ones with everything warm. */
export interface ProvingFigures {
  readonly first: { readonly witness: number; readonly prove: number };
  readonly warm: { readonly witness: number; readonly prove: number };
}

/** Times proofs of a model on the rows of one input. */
export async function measureProving(
  model: SetUpModel,
  rows: readonly (readonly number[])[],
  runs: number,
): Promise<ProvingFigures> {
  const prover = await createProver({ ...model.circuit, zkeyPath: model.zkeyPath });
  const inference = infer(model.graph, encodeInputs(model.graph, rows), randomSalt());
  const proofs: ProvenInference[] = [];
  for (let run = 0; run <= runs; run++) {
    proofs.push(await proveInference(prover, model.keyId, inference, id(`run ${run}`)));
  }
  await prover.close();
  const [first, ...later] = proofs.map(({ seconds }) => seconds);
  return {
    first,
    warm: { witness: median(later.map(({ witness }) => witness)), prove: median(later.map(({ prove }) => prove)) },
  };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
