import canonicalize from "canonicalize";
import { keccak256, toUtf8Bytes } from "ethers";
import type { IntegerGraph } from "./integerGraph.ts";

/** The RFC 8785 text of a graph: what graph.json holds. */
export const canonicalGraph = (graph: IntegerGraph): string => canonicalize(graph) as string;

/** ADR-0001's `modelHash`: keccak-256 of the canonical text, 0x-prefixed. */
export const modelHashOf = (graph: IntegerGraph): string => keccak256(toUtf8Bytes(canonicalGraph(graph)));
