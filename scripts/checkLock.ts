// Keeps package-lock.json installable by npm under Node 20, although every script then runs with the Node 22 of
// node_modules/.bin. npm reads `engines` from the lock: with them it skips optional platform packages that want
// Node 22 (EDR then fails to load) and warns about the others. Registry addresses stay out of the lock as well; of a
// link the address is the folder.
import { readFileSync, writeFileSync } from "node:fs";

interface LockEntry {
  link?: boolean;
  engines?: object;
  resolved?: string;
}

const path = "package-lock.json";
const lock = JSON.parse(readFileSync(path, "utf8")) as { packages: Record<string, LockEntry> };
const dependencies = Object.entries(lock.packages).filter(([location]) => location !== "");
const withEngines = dependencies.filter(([, entry]) => entry.engines !== undefined);
const withAddress = dependencies.filter(([, entry]) => entry.resolved !== undefined && !entry.link);

if (process.argv.includes("--fix")) {
  for (const [, entry] of withEngines) delete entry.engines;
  for (const [, entry] of withAddress) delete entry.resolved;
  writeFileSync(path, JSON.stringify(lock, null, 2) + "\n");
} else if (withEngines.length + withAddress.length > 0) {
  const found = `${withEngines.length} engines entries and ${withAddress.length} registry addresses`;
  console.error(`${path}: ${found}, want none of either: run npm run lock`);
  process.exitCode = 2;
}
