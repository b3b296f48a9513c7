import { readFile, readdir } from "node:fs/promises";
import { expect } from "chai";
import fc from "fast-check";
import { LIBRARY_TEMPLATES, emitCircuit } from "../../src/circom/emitCircuit.ts";
import { kernelInstances } from "../../src/mutation/kernelInstances.ts";
import { mainOf } from "../../src/mutation/probe.ts";
import { projectPath } from "../../src/paths.ts";
import { drawMixedGraph } from "../fixtures/circuits/mixedGraph.ts";
import { drawGraph } from "../fixtures/circuits/randomGraph.ts";

/** Rules of the circuit library that a text breaks, one line each. */
function violations(text: string): string[] {
  const code = text.replace(/\/\/.*$/gm, "");
  return [...templatesOf(code), ...functionsOf(code)].flatMap(({ parameters, body }) => [
    ...hintViolations(body),
    ...assertViolations(body, parameters),
  ]);
}

const blocksOf = (code: string, keyword: string): { parameters: string[]; body: string }[] =>
  code
    .split(new RegExp(`^(?=(?:template|function) )`, "m"))
    .filter((block) => block.startsWith(keyword))
    .map((block) => ({
      parameters: (/\(([^)]*)\)/.exec(block)?.[1] ?? "").split(",").map((name) => name.trim()),
      body: block.slice(block.indexOf("{")),
    }));
const templatesOf = (code: string) => blocksOf(code, "template ");
const functionsOf = (code: string) => blocksOf(code, "function ");

/** `<--` only into signals called …Hint, each of which stands in a constraint further down in the same template. */
function hintViolations(body: string): string[] {
  return [...body.matchAll(/([\w.[\]+\- ]*?)\s*<--/g)].flatMap((match) => {
    const target = match[1].trim();
    const name = target.replace(/\[.*$/, "");
    if (!/^[a-z]\w*Hint$/.test(name)) return [`${target} takes a hint but is not called so`];
    const below = body.slice(body.indexOf(";", match.index));
    const constrained = new RegExp(`(<==|===)[^;]*\\b${name}\\b|\\b${name}\\b[^;]*===`).test(below);
    return constrained ? [] : [`${name} is not constrained in the lines below`];
  });
}

/** circom's assert on a signal emits no constraint: parameters, loop counters and numbers only. */
function assertViolations(body: string, parameters: readonly string[]): string[] {
  const counters = [...body.matchAll(/\bfor \(var (\w+) = \d+;/g)].map(([, name]) => name);
  const known = new Set([...parameters, ...counters]);
  return [...body.matchAll(/\bassert\(([^;]*)\);/g)].flatMap(([, condition]) =>
    (condition.match(/[A-Za-z_]\w*/g) ?? [])
      .filter((name) => !known.has(name))
      .map((name) => `assert reads ${name}, which is neither a parameter nor a loop counter`),
  );
}

describe("circuit rules", () => {
  it("hold in every template of the library", async () => {
    const folder = projectPath("circuits/lib");
    const files = (await readdir(folder)).filter((name) => name.endsWith(".circom"));
    for (const file of files) {
      const text = await readFile(`${folder}/${file}`, "utf8");
      expect(violations(text), file).to.deep.equal([]);
      expect(text, file).to.match(/^\/\/ SPDX-License-Identifier: MIT\n/);
    }
    const templates = files.map((file) => file.replace(".circom", "")).filter((name) => name !== "WordLayout");
    expect([...LIBRARY_TEMPLATES].sort()).to.deep.equal(templates.sort());
  });

  it("hold in emitted circuits", () => {
    fc.assert(
      fc.property(fc.gen(), (gen) => {
        for (const drawProgram of [drawGraph, drawMixedGraph]) {
          const graph = drawProgram((arbitrary) => gen(() => arbitrary));
          const { source } = emitCircuit(graph, "00");
          expect(violations(source)).to.deep.equal([]);
          expect(source).to.not.include("<--");
        }
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it("hold in what every kernel emits", () => {
    const source = mainOf(kernelInstances());
    expect(violations(source)).to.deep.equal([]);
    expect(source).to.not.include("<--");
  });

  it("are seen when they are broken (Z1)", () => {
    const inTemplate = (line: string) => violations(`template Broken(bits) {\n${line}\n}`);
    expect(inTemplate("signal out; out <-- 1; out === 1;")).to.have.lengthOf(1);
    expect(inTemplate("signal outHint; outHint <-- 1;")).to.have.lengthOf(1);
    expect(inTemplate("signal outHint; outHint <-- 1; outHint === 1;")).to.have.lengthOf(0);
    expect(inTemplate("signal outHint; outHint === 1; outHint <-- 1;")).to.have.lengthOf(1);
    expect(inTemplate("assert(in < 2 ** bits);")).to.have.lengthOf(1);
    expect(inTemplate("assert(bits < 253);")).to.have.lengthOf(0);
  });
});
