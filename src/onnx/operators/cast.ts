import { elementTypeOf } from "../readTensor.ts";
import { sameElements } from "./identity.ts";
import { type Call, OPSETS, type Operator, integerAttribute, nodeError, nodeLabel, operandAt } from "./operator.ts";

/** To another element type. A computed value keeps its elements, so it is never cast from float to integer or bool. */
export const cast: Operator = {
  name: "Cast",
  opsets: OPSETS,
  arity: [1, 1],
  attributes: ["to", "saturate", "round_mode"],
  infer(call) {
    const { shape, type, constant } = operandAt(call, 0);
    const target = targetOf(call);
    const keeps = type === target || (target === "float" && type === "int64");
    if (constant === undefined && !keeps)
      throw nodeError(call, `a computed value of type ${type} cannot become ${target}`);
    return [{ type: target, shape }];
  },
  fold(call) {
    const convert = { float: (x: number) => x, int64: Math.trunc, bool: (x: number) => (x === 0 ? 0 : 1) }[
      targetOf(call)
    ];
    return [operandAt(call, 0).constant!.data.map((element) => convert(element) + 0)];
  },
  lower: sameElements.lower,
};

const targetOf = (call: Call) => elementTypeOf(integerAttribute(call, "to", 0), `${nodeLabel(call.node)} attribute to`);
