import { resolve } from "node:path";
import { IS_PACKAGE } from "../../src/paths.ts";

/** The folder that the user called from: npm runs the checkout's scripts in its top and names that folder in INIT_CWD. */
const callerFolder = (IS_PACKAGE ? undefined : process.env.INIT_CWD) ?? process.cwd();

/** Resolves a path of the command line. */
export const callerPath = (path: string): string => resolve(callerFolder, path);
