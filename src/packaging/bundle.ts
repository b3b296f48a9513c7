import { build } from "esbuild";
import { projectPath } from "../paths.ts";

export interface BundleOptions {
  /** `iife` runs as a plain script, `esm` exports what the module exports. */
  readonly format: "esm" | "iife";
  readonly minify?: boolean;
  /** Names to put in place of free names of the bundled code. */
  readonly rename?: Readonly<Record<string, string>>;
}

/** A module and all that it imports in one text for browsers. Throws where an import is Node's or cannot be found. */
export async function bundleForBrowser(entry: string, options: BundleOptions): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: projectPath("."),
    entryPoints: [entry],
    bundle: true,
    platform: "browser",
    target: "es2022",
    format: options.format,
    minify: options.minify ?? false,
    define: { ...options.rename },
    outfile: "bundle.js",
    write: false,
    logLevel: "silent",
    legalComments: "none",
  });
  return outputFiles[0].text;
}
