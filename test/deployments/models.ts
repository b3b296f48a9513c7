import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compileModel, emitModel } from "../../src/model/compileModel.ts";
import { quantiseModel, readGraph, type ImportOptions } from "../../src/model/importModel.ts";
import { readModelFiles } from "../../src/model/modelFiles.ts";
import { setupModel, type SetUpModel } from "../../src/model/setupModel.ts";
import { projectPath } from "../../src/paths.ts";
import { buildModel } from "../fixtures/onnx/buildModel.ts";

/** A shipped model with its development key, from the cache where it is there. */
export const setUpShipped = (name: string): Promise<SetUpModel> => setUp(projectPath(`circuits/models/${name}`), {});

/** The same for a model so small that its keys are made and checked in a second. */
export async function setUpSmall(folder: string): Promise<SetUpModel> {
  const path = join(folder, "small.onnx");
  await writeFile(
    path,
    buildModel({
      inputs: [{ name: "x", shape: [1, 2] }],
      outputs: [{ name: "y" }],
      nodes: [{ op: "MatMul", name: "layer", inputs: ["x", "w"], outputs: ["y"] }],
      constants: { w: { dims: [2, 1], data: [0.5, -0.25] } },
    }),
  );
  return setUp(path, { inputRange: [-1, 1] });
}

async function setUp(path: string, options: ImportOptions): Promise<SetUpModel> {
  const cacheRoot = projectPath("build/cache");
  const files = await readModelFiles(path);
  const { graph } = quantiseModel(files, await readGraph(files, options), options);
  return setupModel(await compileModel(emitModel(graph), cacheRoot), cacheRoot);
}
