// Builds what the package has beyond the repository's files: `npm pack` runs it first.
import { execFileSync } from "node:child_process";
import { rm } from "node:fs/promises";
import { buildContracts } from "../src/chain/buildContracts.ts";
import { writePage } from "../src/packaging/writePage.ts";
import { projectPath } from "../src/paths.ts";

await buildContracts();
// Nothing of modules that are gone may stay.
await rm(projectPath("dist"), { recursive: true, force: true });
execFileSync("tsc", ["-p", projectPath("tsconfig.package.json")], { stdio: "inherit" });
await writePage();
