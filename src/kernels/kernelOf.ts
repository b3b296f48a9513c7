import { InputError } from "../errors.ts";
import type { KernelNode } from "../ir/integerGraph.ts";
import { add } from "./add.ts";
import { argMax } from "./argMax.ts";
import type { Kernel } from "./kernel.ts";
import { linear } from "./linear.ts";
import { permute } from "./permute.ts";
import { requantise } from "./requantise.ts";

const KERNELS = { Add: add, ArgMax: argMax, Linear: linear, Permute: permute, Requantise: requantise };

/** The kernel that gives `node` its meaning. Throws InputError on a kind that does not exist. */
export function kernelOf(node: KernelNode): Kernel<KernelNode> {
  if (Object.hasOwn(KERNELS, node.kernel)) return KERNELS[node.kernel] as Kernel<KernelNode>;
  throw new InputError(`kernel ${node.name}: got kind ${node.kernel}, want one of ${Object.keys(KERNELS).join(", ")}`);
}
