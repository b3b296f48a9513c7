import { stat } from "node:fs/promises";
import type { ConstraintCounts } from "../circom/compile.ts";
import { readHeldOut } from "../model/heldOut.ts";
import { readGraph } from "../model/importModel.ts";
import { type HeldOutFigures, measureHeldOut } from "../model/measureAccuracy.ts";
import { measureProving } from "../model/measureProving.ts";
import type { ModelFiles } from "../model/modelFiles.ts";
import type { SetUpModel } from "../model/setupModel.ts";

/** What was measured of a shipped model. */
export interface ModelFigures {
  readonly name: string;
  readonly title: string;
  readonly constraints: ConstraintCounts;
  /** Of the constraints, those of the input's commitment and range checks. */
  readonly commitment: number;
  readonly outputWords: number;
  readonly zkeyBytes: number;
  /** Seconds of a warm proof, medians. */
  readonly seconds: { readonly witness: number; readonly prove: number };
  readonly heldOut: HeldOutFigures;
}

/** Warm proofs that are timed. */
const RUNS = 3;

/** Proves the first held-out sample a few times, and compares all of them with the float model. */
export async function modelFigures(files: ModelFiles, model: SetUpModel): Promise<ModelFigures> {
  const heldOut = await readHeldOut(files.name);
  const { warm } = await measureProving(model, [heldOut.samples[0].row], RUNS);
  return {
    name: files.name,
    title: files.config?.title ?? files.name,
    constraints: model.circuit.constraints,
    commitment: model.emitted.byKernel[0].total,
    outputWords: model.wordCount,
    zkeyBytes: (await stat(model.zkeyPath)).size,
    seconds: warm,
    heldOut: await measureHeldOut(files.onnx, await readGraph(files, {}), model.graph, heldOut),
  };
}
