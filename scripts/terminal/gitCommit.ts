import { spawnSync } from "node:child_process";
import { projectPath } from "../../src/paths.ts";

/** Commit of the checkout, null outside one. */
export function gitCommit(checkout = projectPath(".")): string | null {
  const { status, stdout } = spawnSync("git", ["rev-parse", "HEAD"], { cwd: checkout, encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}

/** Commit of the checkout where no file differs from it, else null. */
export function cleanCommit(checkout = projectPath(".")): string | null {
  const { status, stdout } = spawnSync("git", ["status", "--porcelain"], { cwd: checkout, encoding: "utf8" });
  return status === 0 && stdout === "" ? gitCommit(checkout) : null;
}
