import { InputError } from "../errors.ts";
import type { KernelNode } from "../ir/integerGraph.ts";
import { argMax } from "./argMax.ts";
import { arrange } from "./arrange.ts";
import type { Kernel } from "./kernel.ts";
import { linear } from "./linear.ts";
import { requantise } from "./requantise.ts";
import { treeEnsemble } from "./treeEnsemble.ts";

const KERNELS = {
  ArgMax: argMax,
  Arrange: arrange,
  Linear: linear,
  Requantise: requantise,
  TreeEnsemble: treeEnsemble,
};

/** The kernel that gives `node` its meaning. Throws InputError on a kind that does not exist. */
export function kernelOf(node: KernelNode): Kernel<KernelNode> {
  if (Object.hasOwn(KERNELS, node.kernel)) return KERNELS[node.kernel as keyof typeof KERNELS] as Kernel<KernelNode>;
  throw new InputError(`kernel ${node.name}: got kind ${node.kernel}, want one of ${Object.keys(KERNELS).join(", ")}`);
}
