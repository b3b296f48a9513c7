import type { z } from "zod";
import { InputError } from "./errors.ts";

/** JSON as its schema types it. Throws InputError naming the first thing wrong in it. */
export function checkSchema<Schema extends z.ZodType>(schema: Schema, json: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path: where, message } = parsed.error.issues[0];
  throw new InputError(`${where.length > 0 ? `${where.join(".")}: ` : ""}${message}`);
}
