import { InputError } from "../errors.ts";
import type { KernelNode } from "../ir/integerGraph.ts";
import { argMax } from "./argMax.ts";
import { arrange } from "./arrange.ts";
import { compare } from "./compare.ts";
import { divide } from "./divide.ts";
import { extreme } from "./extreme.ts";
import type { Kernel } from "./kernel.ts";
import { linear } from "./linear.ts";
import { multiply } from "./multiply.ts";
import { oneHot } from "./oneHot.ts";
import { requantise } from "./requantise.ts";
import { root } from "./root.ts";
import { select } from "./select.ts";
import { table } from "./table.ts";
import { treeEnsemble } from "./treeEnsemble.ts";

const KERNELS = {
  ArgMax: argMax,
  Arrange: arrange,
  Compare: compare,
  Divide: divide,
  Extreme: extreme,
  Linear: linear,
  Multiply: multiply,
  OneHot: oneHot,
  Requantise: requantise,
  Root: root,
  Select: select,
  Table: table,
  TreeEnsemble: treeEnsemble,
};

/** The kernel that gives `node` its meaning. Throws InputError on a kind that does not exist. */
export function kernelOf(node: KernelNode): Kernel<KernelNode> {
  if (Object.hasOwn(KERNELS, node.kernel)) return KERNELS[node.kernel as keyof typeof KERNELS] as Kernel<KernelNode>;
  throw new InputError(`kernel ${node.name}: got kind ${node.kernel}, want one of ${Object.keys(KERNELS).join(", ")}`);
}
