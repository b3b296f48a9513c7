import { build, type Metafile } from "esbuild";
import { projectPath } from "../paths.ts";

/** A module and everything that it imports, in one text for browsers. */
export interface Bundle {
  readonly text: string;
  /** What went into it, by esbuild's account. */
  readonly metafile: Metafile;
}

export interface BundleOptions {
  /** `iife` runs as a plain script, `esm` exports what the module exports. */
  readonly format: "esm" | "iife";
  readonly minify?: boolean;
  /** Modules whose exports stand for free names of the bundled code. */
  readonly inject?: readonly string[];
}

/** Bundles a module of the project. Throws where one of its imports is Node's or cannot be found. */
export async function bundleForBrowser(entry: string, options: BundleOptions): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: projectPath("."),
    entryPoints: [entry],
    bundle: true,
    platform: "browser",
    target: "es2022",
    format: options.format,
    minify: options.minify ?? false,
    inject: [...(options.inject ?? [])],
    outfile: "bundle.js",
    metafile: true,
    write: false,
    logLevel: "silent",
    legalComments: "none",
  });
  return { text: outputFiles[0].text, metafile };
}
