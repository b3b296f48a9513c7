import { checkedSize } from "../limits.ts";
import { computedPositions, indicesAt } from "./indices.ts";
import {
  type Call,
  OPSETS,
  type Operator,
  constantAt,
  integerAttribute,
  nodeError,
  nodeLabel,
  operandAt,
} from "./operator.ts";
import { tensorFromRows } from "./rows.ts";
import { normalAxis } from "./shapes.ts";

/** Along a new axis of size `depth`, the second of two constants at the index and the first elsewhere. */
export const oneHot: Operator = {
  name: "OneHot",
  opsets: { from: 9, to: OPSETS.to },
  arity: [3, 3],
  attributes: ["axis"],
  infer(call) {
    if (constantAt(call, 2, "values").data.length !== 2) throw nodeError(call, "values are not two numbers");
    return [{ type: operandAt(call, 2).type, shape: placed(call).shape }];
  },
  lower(call, builder) {
    const { shape, axis } = placed(call);
    const hits = builder.oneHot(computedPositions(builder, indicesAt(call, 0), [shape[axis]]), shape[axis]);
    const [off, on] = constantAt(call, 2, "values").data;
    return [tensorFromRows(builder, builder.scale(hits, [on - off], [off]), shape, [axis])];
  },
};

/** Shape of the result and its new axis. */
function placed(call: Call): { readonly shape: readonly number[]; readonly axis: number } {
  const { shape } = indicesAt(call, 0);
  const axis = normalAxis(call, integerAttribute(call, "axis", -1), shape.length + 1);
  const [depth, ...rest] = constantAt(call, 1, "depth").data;
  if (depth === undefined || rest.length > 0) throw nodeError(call, "depth is not one number");
  const placed = shape.toSpliced(axis, 0, depth);
  checkedSize(placed, nodeLabel(call.node));
  return { shape: placed, axis };
}
