import { resolve } from "node:path";

/** Resolves a path against the folder the user called from: npm runs scripts in the project's top. */
export const callerPath = (path: string): string => resolve(process.env.INIT_CWD ?? process.cwd(), path);
