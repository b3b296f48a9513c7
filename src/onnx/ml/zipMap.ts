import { type Operator, operandAt } from "../operators/operator.ts";
import { sameElements } from "../operators/identity.ts";
import { ML_OPSETS } from "./attributes.ts";

/** Maps from class to score: the tensor of scores is given out, its columns in the order of the classes. */
export const zipMap: Operator = {
  name: "ZipMap",
  opsets: ML_OPSETS,
  arity: [1, 1],
  attributes: ["classlabels_int64s", "classlabels_strings"],
  infer: (call) => [operandAt(call, 0)],
  ...sameElements,
};
