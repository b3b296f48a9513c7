import { spawnSync } from "node:child_process";
import { projectPath } from "../../src/paths.ts";

/** Commit of the checkout, null outside one. */
export function gitCommit(): string | null {
  const { status, stdout } = spawnSync("git", ["rev-parse", "HEAD"], { cwd: projectPath("."), encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}

/** Commit of the checkout where no file differs from it, else null. */
export function cleanCommit(): string | null {
  const options = { cwd: projectPath("."), encoding: "utf8" } as const;
  const { status, stdout } = spawnSync("git", ["status", "--porcelain"], options);
  return status === 0 && stdout === "" ? gitCommit() : null;
}
