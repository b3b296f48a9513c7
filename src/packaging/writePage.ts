import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { projectPath } from "../paths.ts";
import { renderPage } from "./renderPage.ts";

/** Writes the page to where the package has it; returns its path. */
export async function writePage(): Promise<string> {
  const path = projectPath("build/browser/verify.html");
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, await renderPage());
  return path;
}
