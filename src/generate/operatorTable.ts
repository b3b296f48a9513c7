import type { Graph } from "../ir/graph.ts";
import type { KernelNode } from "../ir/integerGraph.ts";
import { DOMAINS } from "../onnx/operatorOf.ts";
import type { Operator } from "../onnx/operators/operator.ts";
import { readOnnx } from "../onnx/readOnnx.ts";
import { decodeModel } from "../onnx/schema.ts";
import { lowerGraph } from "../passes/lowerGraph.ts";
import { quantise } from "../passes/quantise.ts";
import { COST_WIDTHS, kernelCostRows } from "./kernelCosts.ts";
import { markdownTable } from "./markdownTable.ts";

/** The documentation page of all operators. */
export const OPERATOR_PAGE = "docs/operators.md";

/** What the uses of an operator in the example models have become. */
interface Lowering {
  readonly steps: Set<string>;
  readonly kernels: Set<string>;
}

/**
 * The page that lists every operator with what the code knows of it, and what it becomes in `models`: of those, the ones of
 * a single node count. Throws an Error where an operator has no such model.
 */
export function operatorPage(models: readonly Uint8Array[]): string {
  const lowerings = new Map<string, Lowering>();
  for (const bytes of models) {
    // The file's own nodes: reading computes those that are constant.
    const nodes = decodeModel(bytes).graph?.node ?? [];
    if (nodes.length === 1) addLowering(lowerings, keyOf(nodes[0].domain, nodes[0].opType), readOnnx(bytes));
  }
  return [
    "<!-- written by npm run generate -->",
    "",
    "# Operators",
    "",
    ...INTRODUCTION,
    ...[...DOMAINS].flatMap(([domain, operators]) => [
      `## ${domain === "" ? "ai.onnx" : domain}`,
      "",
      markdownTable([
        HEAD,
        ...[...operators.values()].map((operator) => rowOf(operator, lowerings.get(keyOf(domain, operator.name)))),
      ]),
      "",
    ]),
    ...KERNELS,
    markdownTable([["kernel", "example", ...COST_WIDTHS.map((bits) => `${bits} bits`)], ...kernelCostRows()]),
    "",
  ].join("\n");
}

const HEAD = ["operator", "opsets", "operands", "attributes understood", "steps", "kernels"];

const INTRODUCTION = [
  "What the compiler reads. A model that uses anything else is refused with the node, the attribute and what would be",
  "right, never read approximately.",
  "",
  "- _opsets_: versions of the domain in which the operator means what is implemented. A node of another one is refused.",
  "- _operands_: least and greatest number.",
  "- _attributes understood_: a node with another one is refused. Some values are refused too; the message names them.",
  "- _steps_: what the operator becomes in real numbers ([realGraph.ts](../src/ir/realGraph.ts)), over the uses in",
  "  [seedModels.ts](../test/fixtures/onnx/seedModels.ts). None: the values only get another name. Constant: known",
  "  before the input is.",
  "- _kernels_: what the quantiser makes of those steps; other widths and ranges can need others. Arrange costs nothing",
  "  and is left out. None: no constraint of its own.",
  "",
  "A node whose operands are all constant is computed at compile time, whatever its operator.",
  "",
];

const KERNELS = [
  "## Kernels",
  "",
  "The integer steps that have circuits ([integerGraph.ts](../src/ir/integerGraph.ts) says what each computes). Constraints of",
  "an example, for operands of so many bits whose range is known; sums that are range-checked later share rows, about ten to",
  "one, which these are not. `tollgate estimate` counts a whole model.",
  "",
];

const keyOf = (domain: string, operator: string): string => `${domain}:${operator}`;

function addLowering(lowerings: Map<string, Lowering>, key: string, graph: Graph): void {
  const lowering = lowerings.get(key) ?? { steps: new Set(), kernels: new Set() };
  lowerings.set(key, lowering);
  lowerGraph(graph).steps.forEach(({ kind }) => lowering.steps.add(kind));
  kernelsOf(graph).forEach(({ kernel }) => lowering.kernels.add(kernel));
  lowering.kernels.delete("Arrange");
}

/** Kernels for inputs of either sign, or from 0 to 1 where their type has no negative numbers. */
function kernelsOf(graph: Graph): readonly KernelNode[] {
  const inputs = graph.inputs.map(({ name, bounds }): [string, { range: [number, number] }] => [
    name,
    { range: [bounds !== undefined && bounds[0] >= 0 ? 0 : -1, 1] },
  ]);
  return quantise(graph, { inputs: Object.fromEntries(inputs) }).graph.kernels;
}

function rowOf({ name, opsets, arity, attributes }: Operator, lowering: Lowering | undefined): string[] {
  if (lowering === undefined) throw new Error(`operator ${name}: no model of one node shows what it becomes`);
  const span = (from: number, to: number) =>
    from === to ? String(from) : `${from} to ${to === Infinity ? "any" : to}`;
  return [
    name,
    span(opsets.from, opsets.to),
    span(...arity),
    list(attributes.map((attribute) => `\`${attribute}\``)),
    list([...lowering.steps]),
    list([...lowering.kernels]),
  ];
}

const list = (words: readonly string[]): string => (words.length === 0 ? "none" : words.toSorted().join(", "));
