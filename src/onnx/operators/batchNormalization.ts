import { elementCount } from "../../codec/codec.ts";
import {
  type Call,
  OPSETS,
  type Operator,
  constantAt,
  integerAttribute,
  nodeError,
  numberAttribute,
  operandAt,
} from "./operator.ts";

/** scale · (X − mean) / √(variance + epsilon) + B, all by channel and constant: one factor and one offset a channel. */
export const batchNormalization: Operator = {
  name: "BatchNormalization",
  opsets: OPSETS,
  arity: [5, 5],
  attributes: ["epsilon", "momentum", "spatial", "training_mode"],
  infer(call) {
    const { type, shape } = operandAt(call, 0);
    if (integerAttribute(call, "training_mode", 0) !== 0)
      throw nodeError(call, "training_mode 1 is not supported; supported: 0");
    if (integerAttribute(call, "spatial", 1) !== 1) throw nodeError(call, "spatial 0 is not supported; supported: 1");
    if (shape.length < 2) throw nodeError(call, `its operand has ${shape.length} dimensions, want at least 2`);
    const wrong = [1, 2, 3, 4].find((index) => parameterAt(call, index).length !== shape[1]);
    if (wrong !== undefined)
      throw nodeError(
        call,
        `${PARAMETERS[wrong - 1]} has ${parameterAt(call, wrong).length} elements, want ${shape[1]}`,
      );
    return [{ type, shape }];
  },
  lower(call, builder) {
    const operand = operandAt(call, 0);
    const [scale, bias, means, variances] = [1, 2, 3, 4].map((index) => parameterAt(call, index));
    const epsilon = numberAttribute(call, "epsilon", Math.fround(1e-5));
    const factors = scale.map((factor, channel) => factor / Math.sqrt(variances[channel] + epsilon));
    const offsets = bias.map((offset, channel) => offset - means[channel] * factors[channel]);
    const area = elementCount(operand.shape.slice(2));
    const overChannel = (list: readonly number[]) => list.flatMap((value) => Array<number>(area).fill(value));
    return [builder.scale(builder.valueOf(operand), overChannel(factors), overChannel(offsets))];
  },
};

const PARAMETERS = ["scale", "B", "input_mean", "input_var"] as const;

const parameterAt = (call: Call, index: number): readonly number[] =>
  constantAt(call, index, PARAMETERS[index - 1]).data;
