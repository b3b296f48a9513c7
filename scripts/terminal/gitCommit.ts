import { spawnSync } from "node:child_process";
import { IS_PACKAGE, projectPath } from "../../src/paths.ts";

/** Commit of the checkout, null outside one: a package may lie in a repository of its user. */
export function gitCommit(): string | null {
  if (IS_PACKAGE) return null;
  const { status, stdout } = spawnSync("git", ["rev-parse", "HEAD"], { cwd: projectPath("."), encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}
