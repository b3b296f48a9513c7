import { cp, mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { projectPath } from "../../src/paths.ts";

/** What is not source: what was built or installed, and the history. */
const NOT_COPIED = new Set(["build", "coverage", "node_modules", ".git"]);

/** Copies the sources, without anything that was built, to a folder of another path; the dependencies are linked. */
export async function copyOfProject(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const parts = (await readdir(projectPath("."))).filter((name) => !NOT_COPIED.has(name));
  for (const part of parts) await cp(projectPath(part), join(folder, part), { recursive: true });
  await symlink(projectPath("node_modules"), join(folder, "node_modules"));
}
