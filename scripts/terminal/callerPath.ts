import { resolve } from "node:path";

/** The folder that the user called from: npm runs scripts in the project's top and names it in INIT_CWD. */
const callerFolder = process.env.INIT_CWD ?? process.cwd();

/** Resolves a path of the command line. */
export const callerPath = (path: string): string => resolve(callerFolder, path);
