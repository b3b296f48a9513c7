import type { Narrator } from "../../src/demo/narrator.ts";
import { drawPicture } from "./picture.ts";
import { step } from "./progress.ts";
import { formatTable } from "./table.ts";

/** Tells a story on standard output. */
export const terminalNarrator: Narrator = {
  chapter: (title) => console.log(`\n${title}\n${"─".repeat(title.length)}`),
  say: (line) => console.log(line),
  table: (rows) => console.log(formatTable(rows)),
  picture: (pixels, width, max) => console.log(drawPicture(pixels, width, max)),
  step,
};
