import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import type { z } from "zod";
import { checkSchema } from "./checkSchema.ts";
import { InputError, inFile, onFile } from "./errors.ts";

/** Reads a JSON file of the given schema. Throws InputError naming the file and the first thing wrong in it. */
export async function parseJsonFile<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> {
  const json = await readJson(path);
  return inFile(path, () => checkSchema(schema, json));
}

/** Reads a JSON file. Throws InputError where it cannot be read or is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  const text = await onFile(path, "read", () => readFile(path, "utf8"));
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InputError(`${path}: not JSON (${(error as Error).message})`);
  }
}

/** Writes JSON whole or not at all, making its folder; bigints become decimal strings. */
export async function writeJson(path: string, value: unknown, options: { mode?: number } = {}): Promise<void> {
  const text = JSON.stringify(value, (_, field: unknown) => (typeof field === "bigint" ? field.toString() : field), 2);
  await onFile(path, "written", async () => {
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, `${text}\n`, options);
  });
}
