// Writes the page that verifies a claim in a browser: npm run build:page.
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { renderPage } from "../src/packaging/renderPage.ts";
import { projectPath } from "../src/paths.ts";

const path = projectPath("build/browser/verify.html");
await mkdir(dirname(path), { recursive: true });
await writeFileAtomic(path, await renderPage());
console.log(`  ${path}`);
