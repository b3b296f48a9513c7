import type { Bounds } from "../../ir/graph.ts";
import { elementKindOf } from "../readTensor.ts";
import { sameElements } from "./identity.ts";
import { type Call, OPSETS, type Operator, integerAttribute, nodeError, nodeLabel, operandAt } from "./operator.ts";

/** ONNX's int64, which holds every integer that a program can have here. */
const INT64 = 7;

/**
 * To another element type. A computed value keeps its elements: it is never cast from float to integer or bool, nor to
 * integers that may not hold it.
 */
export const cast: Operator = {
  name: "Cast",
  opsets: OPSETS,
  arity: [1, 1],
  attributes: ["to", "saturate", "round_mode"],
  infer(call) {
    const { shape, type, bounds, constant } = operandAt(call, 0);
    const target = targetOf(call);
    const keeps = type === target.type || (target.type === "float" && type === "int64");
    if (constant === undefined && !keeps)
      throw nodeError(call, `a computed value of type ${type} cannot become ${target.type}`);
    const narrows = target.type === "int64" && numberOf(call) !== INT64;
    if (constant === undefined && narrows && !(bounds && holds(target.bounds!, bounds))) {
      const from = bounds === undefined ? "any integer" : bounds.join(" to ");
      throw nodeError(call, `its operand may be ${from}, which does not fit ${target.bounds!.join(" to ")}`);
    }
    const kept = target.type === "float" ? undefined : (bounds ?? target.bounds);
    return [{ type: target.type, shape, ...(kept && { bounds: kept }) }];
  },
  fold(call) {
    const { type, bounds } = targetOf(call);
    const convert = { float: (x: number) => x, int64: Math.trunc, bool: (x: number) => (x === 0 ? 0 : 1) }[type];
    return [
      operandAt(call, 0).constant!.data.map((element) => {
        const converted = convert(element) + 0;
        if (bounds === undefined || holds(bounds, [converted, converted])) return converted;
        throw nodeError(call, `its constant operand holds ${element}, which does not fit ${bounds.join(" to ")}`);
      }),
    ];
  },
  lower: sameElements.lower,
};

const holds = ([low, high]: Bounds, [least, greatest]: Bounds): boolean => low <= least && greatest <= high;

const numberOf = (call: Call): number => integerAttribute(call, "to", 0);

const targetOf = (call: Call) => elementKindOf(numberOf(call), `${nodeLabel(call.node)} attribute to`);
