import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder above this module's: the top of a checkout, or `dist` of an installed package. */
const sources = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");

/** Whether the code runs compiled, from the package, rather than from a checkout. */
export const IS_PACKAGE = basename(sources) === "dist";

const top = IS_PACKAGE ? join(sources, "..") : sources;

/** Absolute path of something that the project brings, given relative to its top. */
export const projectPath = (relative: string): string => join(top, relative);

/**
 * Absolute path of something that a command makes: in a checkout below its top, else below the working folder, since
 * nothing that a user makes may lie inside an installed package.
 */
export const workPath = (relative: string): string => join(IS_PACKAGE ? process.cwd() : top, relative);
