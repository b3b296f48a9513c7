import { readFile, stat } from "node:fs/promises";
import { Wallet } from "ethers";
import { InputError, onFile } from "../../src/errors.ts";
import { callerPath } from "./callerPath.ts";

/** The variable that holds the wallet's key where no file is given. */
const VARIABLE = "TOLLGATE_BUYER_KEY";

/** The wallet of a key file that only its owner can read, or of the environment. What a key is never shows in an error. */
export async function buyerWallet(keyFile: string | undefined): Promise<Wallet> {
  const text = keyFile === undefined ? process.env[VARIABLE] : await readPrivate(callerPath(keyFile));
  const source = keyFile ?? VARIABLE;
  if (text === undefined) throw new InputError(`no key: give --key-file FILE or the variable ${VARIABLE}`);
  try {
    return new Wallet(text.trim());
  } catch {
    throw new InputError(`${source}: holds no private key, want 32 bytes in hex`);
  }
}

async function readPrivate(path: string): Promise<string> {
  const { mode } = await onFile(path, "read", () => stat(path));
  if ((mode & 0o077) !== 0)
    throw new InputError(
      `${path}: others can read it (mode ${(mode & 0o777).toString(8)}), want 600: chmod 600 ${path}`,
    );
  return onFile(path, "read", () => readFile(path, "utf8"));
}
