import { open } from "node:fs/promises";
import { SigningKey, Wallet } from "ethers";
import { InputError, onFile } from "../../src/errors.ts";
import { callerPath } from "./callerPath.ts";

/** The variables that hold a key where no file is given. */
export type KeyVariable = "TOLLGATE_PROVIDER_KEY" | "TOLLGATE_BUYER_KEY";

/** Permissions of group and others. */
const NOT_OWNER = 0o077;

/**
 * An agent's key, from a file that only its owner can read, else from the environment, where it is removed: no
 * process that is started later inherits it. Errors never show what was read.
 */
export async function readAgentKey(keyFile: string | undefined, variable: KeyVariable): Promise<Wallet> {
  const fromEnvironment = process.env[variable];
  delete process.env[variable];
  if (keyFile !== undefined) return walletOf(await readPrivate(callerPath(keyFile)), keyFile);
  if (fromEnvironment === undefined)
    throw new InputError(`no key: give --key-file FILE, or the key in the environment as ${variable}`);
  return walletOf(fromEnvironment, variable);
}

const readPrivate = (path: string): Promise<string> =>
  onFile(path, "read", async () => {
    const file = await open(path, "r");
    try {
      const { mode } = await file.stat();
      if ((mode & NOT_OWNER) !== 0)
        throw new InputError(
          `${path}: others than its owner can use it (mode ${(mode & 0o777).toString(8)}), run: chmod 600 ${path}`,
        );
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  });

function walletOf(text: string, source: string): Wallet {
  try {
    return new Wallet(new SigningKey(text.trim()));
  } catch {
    // The cause would show the key.
    throw new InputError(`${source}: want a private key of 32 bytes in hex, with 0x`);
  }
}
