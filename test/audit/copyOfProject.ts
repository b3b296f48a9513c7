import { cp, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { projectPath } from "../../src/paths.ts";

/** What `setup` and `audit` read of the project. */
const PARTS = [
  "package.json",
  "hardhat.config.ts",
  "src",
  "scripts",
  "bench",
  "circuits",
  "contracts",
  "test/fixtures",
];

/** Copies the sources, without anything that was built, to a folder of another path; the dependencies are linked. */
export async function copyOfProject(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const part of PARTS) await cp(projectPath(part), join(folder, part), { recursive: true });
  await symlink(projectPath("node_modules"), join(folder, "node_modules"));
}
