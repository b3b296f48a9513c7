import type { GraphNode } from "../ir/graph.ts";
import { ML_OPERATORS } from "./ml/registry.ts";
import type { Operator } from "./operators/operator.ts";
import { OPERATORS } from "./operators/registry.ts";

/** Operators by name, by domain. */
export const DOMAINS: ReadonlyMap<string, ReadonlyMap<string, Operator>> = new Map([
  ["", OPERATORS],
  ["ai.onnx.ml", ML_OPERATORS],
]);

type Name = Pick<GraphNode, "domain" | "operator">;

/** The operator of a node, where it is supported. */
export const findOperator = ({ domain, operator }: Name): Operator | undefined => DOMAINS.get(domain)?.get(operator);

/** The operator of a node that the reader has let through. */
export const operatorOf = (node: Name): Operator => findOperator(node)!;
