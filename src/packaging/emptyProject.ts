import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { projectPath } from "../paths.ts";
import { bundleForBrowser } from "./bundle.ts";
import { docBlocks } from "./docBlocks.ts";

const run = promisify(execFile);

/** The page whose blocks are the project. */
const PAGE = "docs/use-as-a-dependency.md";
/** What the project has beyond what the page installs: its code is type-checked. */
const TYPES = ["typescript", "@types/node"];

const TSCONFIG = {
  compilerOptions: {
    target: "es2023",
    module: "nodenext",
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    resolveJsonModule: true,
    skipLibCheck: false,
    types: ["node"],
  },
  include: ["*.ts"],
};

/** Builds the package as \`npm pack\` does; returns the tarball's path. */
export async function pack(folder: string): Promise<string> {
  const { stdout } = await runIn(projectPath("."), "npm", "pack", "--json", "--pack-destination", folder);
  // What prepack prints comes first.
  const [{ filename }] = JSON.parse(stdout.slice(stdout.lastIndexOf("\n[\n") + 1)) as [{ filename: string }];
  return join(folder, filename);
}

/** What a program may take, in milliseconds: one that fails with workers running would not end. */
const PATIENCE = 300_000;

/** An empty project with the files that the page's blocks name. */
export async function writeProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-package-"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(TSCONFIG));
  const asserts = await readFile(projectPath("scripts/consumer/asserts.ts"), "utf8");
  for (const { file, text } of [...docBlocks(await page()), { file: "asserts.ts", text: asserts }]) {
    if (file === undefined) continue;
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  return folder;
}

/** Installs what the page says, with the tarball in place of the name, and the compiler of types. */
export async function install(folder: string, tarball: string): Promise<void> {
  for (const line of await commandsOf("npm install")) {
    await shell(folder, line.replace(" tollgate ", ` ${tarball} `));
  }
  const { devDependencies } = JSON.parse(await readFile(projectPath("package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  await runIn(folder, "npm", "install", "--save-dev", ...TYPES.map((name) => `${name}@${devDependencies[name]}`));
}

/** Compiles the contracts and checks the types of everything. */
export async function compile(folder: string): Promise<void> {
  await runIn(folder, "npx", "hardhat", "build");
  await runIn(folder, "npx", "tsc");
}

/** Runs the page's programs and asks the chain what they did. */
export async function settle(folder: string): Promise<void> {
  const { stdout } = await runIn(folder, "npx", "hardhat", "run", "asserts.ts");
  if (!stdout.includes("asserted")) throw new Error("the assertions did not run to their end", { cause: stdout });
}

/** Runs the page's command lines; returns what they printed. */
export async function useCommand(folder: string): Promise<string> {
  let printed = "";
  for (const line of await commandsOf("npx tollgate")) printed += await shell(folder, line);
  return printed;
}

/** Bundles the page's browser module with the installed package; returns its size in bytes. */
export async function bundle(folder: string): Promise<number> {
  const text = await bundleForBrowser(join(folder, "browser.ts"), { format: "esm", minify: true });
  return text.length;
}

/** Everything inside the installed package, to see that nothing is added to it. */
export const installedFiles = async (folder: string): Promise<string[]> =>
  (await readdir(join(folder, "node_modules/tollgate"), { recursive: true })).sort();

const page = (): Promise<string> => readFile(projectPath(PAGE), "utf8");

/** The page's command lines that start with \`prefix\`. */
async function commandsOf(prefix: string): Promise<string[]> {
  const blocks = docBlocks(await page()).filter(({ language }) => language === "sh");
  const lines = blocks.flatMap(({ text }) => text.split("\n")).filter((line) => line.startsWith(prefix));
  if (lines.length === 0) throw new Error(`${PAGE}: no command "${prefix} …"`);
  return lines;
}

const shell = async (folder: string, line: string): Promise<string> =>
  (await runIn(folder, ...(line.split(" ") as [string, ...string[]]))).stdout;

/** Runs a program of the PATH in a folder. Throws an Error with all that it printed as cause. */
async function runIn(folder: string, program: string, ...args: string[]): Promise<{ stdout: string }> {
  // npm's own variables would point the project's npm to this one's top and caller.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_(package|lifecycle)|INIT_CWD)/.test(name)),
  );
  try {
    return await run(program, args, { cwd: folder, env, maxBuffer: 64 << 20, timeout: PATIENCE });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(" ")}: failed`, { cause: `${stdout}${stderr}`.trim() });
  }
}
