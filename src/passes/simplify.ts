import type { RealGraph } from "../ir/realGraph.ts";
import { composeArranges } from "./composeArranges.ts";
import { dropUnused } from "./dropUnused.ts";
import { foldScales } from "./foldScales.ts";
import { fuseFunctions } from "./fuseFunctions.ts";
import { hoistExtremes } from "./hoistExtremes.ts";
import { mergeSums } from "./mergeSums.ts";
import { sizesOf } from "./rewrite.ts";

/** Rewritings in their order; each leaves the outputs as real numbers what they were. */
const REWRITINGS = [composeArranges, fuseFunctions, foldScales, hoistExtremes, composeArranges, mergeSums, foldScales];

/** The same model in fewer steps. */
export const simplify = (graph: RealGraph): RealGraph =>
  REWRITINGS.reduce((current, rewrite) => dropUnused(rewrite(current, sizesOf(current))), dropUnused(graph));
