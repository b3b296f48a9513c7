import type { RealTree } from "../../ir/realGraph.ts";
import { type Call, nodeError } from "../operators/operator.ts";
import { nextBelow } from "./stepFunction.ts";

/** What a branch asks of its feature x and its value v. */
export const BRANCHES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"] as const;
export type Branch = (typeof BRANCHES)[number];

/** A node as the file has it; `yes` and `no` are numbers of nodes. */
export type FileNode =
  | { readonly add: readonly number[] }
  | {
      readonly branch: Branch;
      readonly feature: number;
      readonly value: number;
      readonly yes: number;
      readonly no: number;
    };

/** Deepest tree; a file whose nodes form a cycle is deeper. */
const MAX_DEPTH = 256;

/** Nodes of all trees of an ensemble together: tests of equality are two comparisons and double what follows. */
const MAX_NODES = 1 << 20;

/** The interval of one feature on the way down: x > above and x ≤ upTo. */
interface Span {
  readonly above: number;
  readonly upTo: number;
}

/**
 * Reads trees whose branches ask in any of the six ways as trees that ask x ≤ threshold alone. ONNX compares float32
 * numbers: x < v is x ≤ the next float32 below v. Comparisons that follow from those above are left out.
 */
export class TreeExpander {
  readonly #call: Call;
  readonly #features: number;
  readonly #read: (node: number) => FileNode;
  readonly #spans = new Map<number, Span>();
  #nodesLeft = MAX_NODES;

  constructor(call: Call, features: number, read: (node: number) => FileNode) {
    this.#call = call;
    this.#features = features;
    this.#read = read;
  }

  tree(root: number, depth: number = 0): RealTree {
    this.#nodesLeft -= 1;
    if (depth > MAX_DEPTH) throw nodeError(this.#call, `a tree is deeper than ${MAX_DEPTH} or goes in a circle`);
    if (this.#nodesLeft < 0) throw nodeError(this.#call, `its trees take more than ${MAX_NODES} comparisons`);
    const node = this.#read(root);
    if ("add" in node) return node;
    const { branch, feature, value } = node;
    if (!Number.isSafeInteger(feature) || feature < 0 || feature >= this.#features)
      throw nodeError(this.#call, `a tree asks for feature ${feature}, want 0 to ${this.#features - 1}`);
    const yes = () => this.tree(node.yes, depth + 1);
    const no = () => this.tree(node.no, depth + 1);
    const below = nextBelow(value);
    switch (branch) {
      case "BRANCH_LEQ":
        return this.#ask(feature, value, yes, no);
      case "BRANCH_LT":
        return this.#ask(feature, below, yes, no);
      case "BRANCH_GTE":
        return this.#ask(feature, below, no, yes);
      case "BRANCH_GT":
        return this.#ask(feature, value, no, yes);
      case "BRANCH_EQ":
        return this.#ask(feature, value, () => this.#ask(feature, below, no, yes), no);
      case "BRANCH_NEQ":
        return this.#ask(feature, value, () => this.#ask(feature, below, yes, no), yes);
    }
  }

  #ask(feature: number, threshold: number, yes: () => RealTree, no: () => RealTree): RealTree {
    const span = this.#spans.get(feature) ?? { above: -Infinity, upTo: Infinity };
    if (span.upTo <= threshold) return yes();
    if (span.above >= threshold) return no();
    this.#spans.set(feature, { ...span, upTo: threshold });
    const whenYes = yes();
    this.#spans.set(feature, { ...span, above: threshold });
    const whenNo = no();
    this.#spans.set(feature, span);
    return { feature, threshold, yes: whenYes, no: whenNo };
  }
}
