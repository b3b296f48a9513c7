import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { projectPath } from "../paths.ts";
import { bundleForBrowser } from "./bundle.ts";

const FOLDER = "src/browser/page";

/**
 * The page that verifies a claim, as one HTML file that works from a disk: script and style are inside, and its policy
 * lets it load and send nothing, so that what is dropped on it stays there.
 */
export async function renderPage(): Promise<string> {
  const text = await bundleForBrowser(`${FOLDER}/page.ts`, { format: "iife", minify: true });
  const script = text.replaceAll("</script", "<\\/script").trim();
  const style = await readFile(projectPath(`${FOLDER}/page.css`), "utf8");
  const html = await readFile(projectPath(`${FOLDER}/page.html`), "utf8");
  const admitted = `script-src ${hashOf(script)}; style-src ${hashOf(style)}; form-action 'none'; base-uri 'none'`;
  // Functions, since a replacement text has patterns of its own.
  return html
    .replace("default-src 'none'", (nothing) => `${nothing}; ${admitted}`)
    .replace("<!-- style -->", () => `<style>${style}</style>`)
    .replace("<!-- script -->", () => `<script>${script}</script>`);
}

/** What a content security policy admits an inline element by. */
const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
