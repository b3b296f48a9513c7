// Writes the page that verifies a claim in a browser: npm run build:page.
import { writePage } from "../src/packaging/writePage.ts";

console.log(`  ${await writePage()}`);
