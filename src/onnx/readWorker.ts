import { InputError } from "../errors.ts";
import type { Graph } from "../ir/graph.ts";
import { lowerGraph } from "../passes/lowerGraph.ts";
import type { ReadOptions } from "./readInputs.ts";
import { readOnnx } from "./readOnnx.ts";

/** What the worker process is asked. */
export interface Request {
  readonly bytes: Uint8Array;
  readonly options: ReadOptions;
}

/** What it answers: the graph, the message of an InputError, or anything else that was thrown. */
export type Answer = { readonly graph: Graph } | { readonly refusal: string } | { readonly failure: unknown };

process.once("message", (request: Request) => {
  process.send!(answerTo(request), () => process.exit());
});

/** Steps hold functions and stay here, but whether they can be made, and how much that takes, shows here too. */
function answerTo({ bytes, options }: Request): Answer {
  try {
    const graph = readOnnx(bytes, options);
    lowerGraph(graph);
    return { graph };
  } catch (error) {
    return error instanceof InputError ? { refusal: error.message } : { failure: error };
  }
}
