import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { InputError } from "../../src/errors.ts";
import { readGraph } from "../../src/model/importModel.ts";
import { readModelFiles } from "../../src/model/modelFiles.ts";
import { type ModelSpec, encode, modelObject } from "../fixtures/onnx/buildModel.ts";

const MODEL: ModelSpec = {
  inputs: [{ name: "x", shape: [1, 2] }],
  outputs: [{ name: "y" }],
  nodes: [{ op: "MatMul", inputs: ["x", "W"], outputs: ["y"] }],
  constants: { W: { dims: [2, 1], data: [1, 2] } },
};

/** A StringStringEntryProto, every length of which fits a byte. */
function entry(key: string, value: string): Uint8Array {
  const field = (number: number, text: string): number[] => [number * 8 + 2, text.length, ...Buffer.from(text)];
  return Uint8Array.from([...field(1, key), ...field(2, value)]);
}

/** The model with its weights said to lie in the file at `location`, as PyTorch writes it. */
function withWeightsAt(location: string): Uint8Array {
  const model = modelObject(MODEL);
  const weights = {
    name: "W",
    dims: [2, 1],
    dataType: 1,
    dataLocation: 1,
    externalData: [entry("location", location)],
  };
  model.graph.initializer = [weights as never];
  return encode(model);
}

describe("weights in another file (A6)", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-external-"));
    await writeFile(join(folder, "weights.bin"), new Uint8Array(Float32Array.of(1, 2).buffer));
    await symlink("/etc/passwd", join(folder, "link.bin"));
  });
  after(() => rm(folder, { recursive: true }));

  for (const [name, location] of [
    ["beside the model", "weights.bin"],
    ["by a path that climbs", "../../../../../../../../etc/passwd"],
    ["by an absolute path", "/etc/passwd"],
    ["through a link", "link.bin"],
  ]) {
    it(`are not read ${name}, and the file is refused`, async () => {
      const path = join(folder, "model.onnx");
      await writeFile(path, withWeightsAt(location));
      const reading = readModelFiles(path).then((files) => readGraph(files, {}));
      const error = await reading.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(InputError);
      expect((error as Error).message).to.match(/"W".*its data lies in another file; want all weights inside/);
    });
  }
});
