import { open } from "node:fs/promises";
import { Wallet } from "ethers";
import { InputError, onFile } from "../../src/errors.ts";
import { callerPath } from "./callerPath.ts";

/** The variable that holds the wallet's key where no file is given. */
const VARIABLE = "TOLLGATE_BUYER_KEY";

/**
 * The wallet of a key file that only its owner can use, else of the environment, from which the key is removed. What a
 * key is never shows in an error.
 */
export async function buyerWallet(keyFile: string | undefined): Promise<Wallet> {
  const given = process.env[VARIABLE];
  delete process.env[VARIABLE];
  const text = keyFile === undefined ? given : await readPrivate(callerPath(keyFile));
  if (text === undefined) throw new InputError(`no key: give --key-file FILE or the variable ${VARIABLE}`);
  try {
    return new Wallet(text.trim());
  } catch {
    // The cause could show the key.
    throw new InputError(`${keyFile ?? VARIABLE}: holds no private key, want 32 bytes in hex`);
  }
}

const readPrivate = (path: string): Promise<string> =>
  onFile(path, "read", async () => {
    const file = await open(path, "r");
    try {
      const { mode } = await file.stat();
      if ((mode & 0o077) !== 0)
        throw new InputError(
          `${path}: others can use it (mode ${(mode & 0o777).toString(8)}), want 600: chmod 600 ${path}`,
        );
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  });
