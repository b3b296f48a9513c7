import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { compileCircuit } from "../../src/circom/compile.ts";
import { InputError } from "../../src/errors.ts";

const HEADER = "// SPDX-License-Identifier: MIT\npragma circom 2.2.3;\n";
const MAIN = `${HEADER}include "Square.circom";\ncomponent main = Square();\n`;
const library = (expression: string) =>
  `${HEADER}include "Unused.circom";\ntemplate Square() { signal input x; signal output y; y <== ${expression}; }\n`;

describe("compiling a circuit", () => {
  let folder: string;
  let options: { mainPath: string; libraries: string[]; cacheRoot: string };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-compile-"));
    const libraries = [join(folder, "lib"), join(folder, "more")];
    for (const path of libraries) await mkdir(path);
    options = { mainPath: join(folder, "Main.circom"), libraries, cacheRoot: join(folder, "cache") };
    await writeFile(options.mainPath, MAIN);
    await writeFile(join(folder, "lib", "Square.circom"), library("x * x"));
    await writeFile(join(folder, "more", "Unused.circom"), HEADER);
  });

  afterEach(() => rm(folder, { recursive: true }));

  it("counts constraints and caches by the content of all sources", async () => {
    const first = await compileCircuit(options);
    expect(first.cached).to.equal(false);
    expect(first.constraints).to.deep.equal({ nonlinear: 1, linear: 0, total: 1, domainPower: 2 });
    expect((await readdir(first.dir)).sort()).to.deep.equal([
      "circuit.r1cs",
      "circuit.sym",
      "circuit.wasm",
      "constraints.json",
    ]);
    expect(await compileCircuit(options)).to.deep.equal({ ...first, cached: true });

    await writeFile(join(folder, "lib", "Square.circom"), library("x + 1"));
    const changed = await compileCircuit(options);
    expect(changed.cached).to.equal(false);
    expect(changed.constraints).to.deep.equal({ nonlinear: 0, linear: 1, total: 1, domainPower: 2 });

    await writeFile(join(folder, "more", "Unused.circom"), `${HEADER}// another text\n`);
    expect((await compileCircuit(options)).cached, "indirect include").to.equal(false);
    await writeFile(join(folder, "lib", "Ignored.circom"), HEADER);
    expect((await compileCircuit(options)).cached, "not included").to.equal(true);
  });

  it("leaves the compiler's words as the cause and nothing in the cache", async () => {
    await writeFile(join(folder, "lib", "Square.circom"), library("x * z"));
    const error: unknown = await compileCircuit(options).catch((caught: unknown) => caught);
    expect((error as Error).message)
      .to.match(/^circom refuses .*Main\.circom: error\[/)
      .and.not.include("\n");
    expect((error as Error).cause).to.include("Square.circom");
    expect(await readdir(options.cacheRoot)).to.deep.equal([]);
  });

  it("names a missing file", async () => {
    const error: unknown = await compileCircuit({ ...options, mainPath: join(folder, "None.circom") }).catch(
      (caught: unknown) => caught,
    );
    expect(error).to.be.instanceOf(InputError);
    await rm(join(folder, "more", "Unused.circom"));
    const include: unknown = await compileCircuit(options).catch((caught: unknown) => caught);
    expect((include as Error).message)
      .to.include("Unused.circom")
      .and.include("not been found");
    expect(await readFile(options.mainPath, "utf8")).to.equal(MAIN);
  });
});
