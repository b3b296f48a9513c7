// Installs the package into an empty project in a temporary folder and uses it as docs/use-as-a-dependency.md says:
// npm run check:package. Asks the package registry for the package's dependencies.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import * as project from "../src/packaging/emptyProject.ts";
import { step } from "./terminal/progress.ts";

const start = performance.now();
const folder = await project.writeProject();
const tarball = await step("Packing", () => project.pack(folder));
await step("Installing into an empty project", () => project.install(folder, tarball));
const installed = await project.installedFiles(folder);
await step("Compiling contracts and types", () => project.compile(folder));
await step("Deploying, proving, settling", () => project.settle(folder));
const printed = await step("The command", () => project.useCommand(folder));
assert.match(printed, /JavaScript: valid\n[\s\S]*valid \([\d,]+ gas\)/);
const size = await step("Bundling for a browser", () => project.bundle(folder));
assert.deepEqual(await project.installedFiles(folder), installed, "a file was written into the installed package");
console.log(`  The package works: ${installed.length} files, browser bundle ${Math.round(size / 1000)} kB.`);
console.log(`  ${((performance.now() - start) / 1000).toFixed(0)} s; the project was ${folder}, removed now`);
await rm(folder, { recursive: true });
