import { fileURLToPath } from "node:url";

/** Absolute path of something inside the project, given relative to its top. */
export const projectPath = (relative: string): string => fileURLToPath(new URL(`../${relative}`, import.meta.url));
