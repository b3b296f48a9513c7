import { compileModel, emitModel } from "../../src/model/compileModel.ts";
import { quantiseModel, readGraph } from "../../src/model/importModel.ts";
import { readModelFiles } from "../../src/model/modelFiles.ts";
import { setupModel, type SetUpModel } from "../../src/model/setupModel.ts";
import { projectPath } from "../../src/paths.ts";

/** A shipped model with its development key, from the cache where it is there. */
export async function setUpShipped(name: string): Promise<SetUpModel> {
  const cacheRoot = projectPath("build/cache");
  const files = await readModelFiles(projectPath(`circuits/models/${name}`));
  const { graph } = quantiseModel(files, await readGraph(files, {}), {});
  return setupModel(await compileModel(emitModel(graph), cacheRoot), cacheRoot);
}
