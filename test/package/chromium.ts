import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { chromium, type Browser } from "playwright-core";
import { cached } from "../../src/cache.ts";
import { projectPath } from "../../src/paths.ts";

const require = createRequire(import.meta.url);
const run = promisify(execFile);
const decompress = promisify(brotliDecompress);

/** A Chromium that may be on this machine, and what to start it with. */
interface Candidate {
  readonly name: string;
  readonly find: () => Promise<{ path: string; env?: Record<string, string> }>;
}

/** The one that CHROMIUM names, else the one of the package registry, else what the PATH has. */
const CANDIDATES: readonly Candidate[] =
  process.env.CHROMIUM === undefined
    ? [
        { name: "@sparticuz/chromium", find: unpackChromium },
        { name: "chromium of the PATH", find: () => Promise.resolve({ path: "chromium" }) },
        { name: "google-chrome of the PATH", find: () => Promise.resolve({ path: "google-chrome" }) },
      ]
    : [{ name: `CHROMIUM=${process.env.CHROMIUM}`, find: () => Promise.resolve({ path: process.env.CHROMIUM! }) }];

/** Starts a headless Chromium, or says why there is none. */
export async function startChromium(): Promise<{ browser: Browser; name: string } | { reasons: string[] }> {
  const reasons: string[] = [];
  for (const { name, find } of CANDIDATES) {
    try {
      const { path, env } = await find();
      const executablePath = path.includes("/") ? path : (await run("which", [path])).stdout.trim();
      // Without sandbox: it shows the project's own page only, and containers have no user namespaces.
      const args = ["--no-sandbox", "--no-zygote", "--disable-gpu"];
      return {
        browser: await chromium.launch({
          executablePath,
          args,
          env: { ...process.env, ...env } as Record<string, string>,
        }),
        name,
      };
    } catch (error) {
      reasons.push(`${name}: ${(error as Error).message.split("\n")[0]}`);
    }
  }
  return { reasons };
}

/** The browser inside the package, for Linux on x64, with the libraries and fonts that it needs beside it. */
async function unpackChromium(): Promise<{ path: string; env: Record<string, string> }> {
  if (process.platform !== "linux" || process.arch !== "x64") throw new Error("is for Linux on x64");
  const top = join(dirname(require.resolve("@sparticuz/chromium")), "../..");
  const { version } = JSON.parse(await readFile(join(top, "package.json"), "utf8")) as { version: string };
  const { dir } = await cached(projectPath("build/cache"), ["@sparticuz/chromium", version], async (folder) => {
    const unpacked = async (name: string) => decompress(await readFile(join(top, "bin", `${name}.br`)));
    await writeFile(join(folder, "chromium"), await unpacked("chromium"));
    await chmod(join(folder, "chromium"), 0o755);
    for (const archive of ["al2023.tar", "fonts.tar"]) {
      await writeFile(join(folder, archive), await unpacked(archive));
      await run("tar", ["-xf", archive], { cwd: folder });
      await rm(join(folder, archive));
    }
  });
  return { path: join(dir, "chromium"), env: { LD_LIBRARY_PATH: join(dir, "lib"), FONTCONFIG_PATH: dir } };
}
