import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { projectPath } from "../../src/paths.ts";
import { copyOfProject } from "./copyOfProject.ts";

const FILES = [
  "DigitsMlp.circom",
  "DigitsMlp.r1cs",
  "DigitsMlp.sym",
  "DigitsMlp.wasm",
  "DigitsMlp.zkey",
  "DigitsMlpVerifier.sol",
  "graph.json",
  "lock.json",
  "vkey.json",
];

describe("two clean builds of digits-mlp", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-clean-"));
  });

  after(() => rm(folder, { recursive: true }));

  /** Builds in a copy of the sources at `path`, whose cache is empty, called from `caller`. */
  async function build(path: string, caller: string): Promise<Record<string, string>> {
    const project = join(folder, path);
    await copyOfProject(project);
    await mkdir(join(folder, caller), { recursive: true });
    const child = spawn(
      process.execPath,
      [join(project, "scripts/tollgate.ts"), "setup", "digits-mlp", "--out", "out"],
      {
        cwd: join(folder, caller),
        env: { ...process.env, INIT_CWD: join(folder, caller) },
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(code, stderr).to.equal(0);
    return hashesIn(join(folder, caller, "out"));
  }

  async function hashesIn(out: string): Promise<Record<string, string>> {
    const names = (await readdir(out)).sort();
    const hash = async (name: string) =>
      createHash("sha256")
        .update(await readFile(join(out, name)))
        .digest("hex");
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await hash(name)])));
  }

  it("give the same bytes of every file, whatever the path and the working folder", async () => {
    const [first, second] = await Promise.all([build("a", "here"), build("deep/er/other-name", "else/where")]);
    expect(Object.keys(first)).to.deep.equal(FILES);
    expect(second).to.deep.equal(first);
    const committed = await hashesIn(projectPath("circuits/generated/digits-mlp/dealer"));
    expect(first).to.include(committed);
  });
});
