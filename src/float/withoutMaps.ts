import { type ModelProto, decodeModel, modelType } from "../onnx/schema.ts";

/** Number of float32 in the format. */
const FLOAT = 1;

/**
 * The model with every ZipMap replaced by an Identity, so that its outputs are tensors: onnxruntime-web gives out nothing
 * else. Throws what decoding throws on bytes that are no model.
 */
export function withoutMaps(bytes: Uint8Array): Uint8Array {
  const model = decodeModel(bytes);
  const maps = model.graph?.node.filter(({ opType, domain }) => opType === "ZipMap" && domain === "ai.onnx.ml") ?? [];
  if (maps.length === 0) return bytes;
  const outputs = new Set(maps.flatMap(({ output }) => output));
  return modelType.encode(modelType.fromObject(identitiesFor(model, new Set(maps), outputs))).finish();
}

function identitiesFor(model: ModelProto, maps: ReadonlySet<unknown>, outputs: ReadonlySet<string>): object {
  const graph = model.graph!;
  const hasDefault = model.opsetImport.some(({ domain }) => domain === "" || domain === "ai.onnx");
  return {
    ...model,
    opsetImport: [...model.opsetImport, ...(hasDefault ? [] : [{ domain: "", version: 13 }])],
    graph: {
      ...graph,
      node: graph.node.map((node) =>
        maps.has(node) ? { ...node, opType: "Identity", domain: "", attribute: [] } : node,
      ),
      output: graph.output.map((output) =>
        outputs.has(output.name) ? { name: output.name, type: { tensorType: { elemType: FLOAT } } } : output,
      ),
    },
  };
}
