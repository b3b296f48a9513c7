import { elementCount } from "../../codec/codec.ts";
import { indicesAt } from "../operators/indices.ts";
import { type Call, type Operator, integersAttribute, nodeError, operandAt, typeWith } from "../operators/operator.ts";
import { boundsOf } from "./classes.ts";
import { ML_OPSETS, rowsOfFeatures } from "./attributes.ts";
import { pieceAt, stepFunction } from "./stepFunction.ts";

/** Elements of X along its last axis at the indices Y; one of the two is constant. */
export const arrayFeatureExtractor: Operator = {
  name: "ArrayFeatureExtractor",
  opsets: ML_OPSETS,
  arity: [2, 2],
  attributes: [],
  infer(call) {
    const [data, indices] = [operandAt(call, 0), indicesAt(call, 1)];
    const isLookup = indices.constant === undefined;
    if (isLookup && (data.constant === undefined || elementCount(data.shape.slice(0, -1)) !== 1))
      throw nodeError(call, "computed indices are supported only into one constant row");
    const leading = data.shape.length <= 1 ? [1] : data.shape.slice(0, -1);
    const type = isLookup && data.type !== "float" ? { ...data, bounds: boundsOf(data.constant!.data) } : data;
    return [typeWith(type, [...leading, elementCount(indices.shape)])];
  },
  lower(call, builder) {
    const [data, indices] = [operandAt(call, 0), operandAt(call, 1)];
    if (indices.constant === undefined) {
      const pieces = data.constant!.data.map((value, position) => pieceAt(position, true, [value]));
      return [stepFunction(builder, builder.valueOf(indices), pieces, [0])];
    }
    const length = data.shape.at(-1) ?? 1;
    const chosen = indices.constant.data;
    const wrong = chosen.find((index) => !(index >= 0 && index < length));
    if (wrong !== undefined) throw nodeError(call, `index ${wrong} does not exist, want 0 to ${length - 1}`);
    const starts = Array.from({ length: elementCount(data.shape) / length }, (_, row) => row * length);
    return [
      builder.arrange(
        [builder.valueOf(data)],
        starts.flatMap((start) => chosen.map((index) => start + index)),
      ),
    ];
  },
};

/** The features of all operands side by side, of each as many as `inputdimensions` says, zeros where it has fewer. */
export const featureVectorizer: Operator = {
  name: "FeatureVectorizer",
  opsets: ML_OPSETS,
  arity: [1, 1024],
  attributes: ["inputdimensions"],
  infer(call) {
    const rows = new Set(call.operands.map((_, index) => rowsOfFeatures(call, index).rows));
    if (rows.size !== 1) throw nodeError(call, `its operands have ${[...rows].join(" and ")} rows, want equally many`);
    return [{ type: "float", shape: [[...rows][0], widthsOf(call).reduce((sum, width) => sum + width, 0)] }];
  },
  lower(call, builder) {
    const operands = call.operands.map((_, index) => ({
      value: builder.valueOf(operandAt(call, index)),
      features: rowsOfFeatures(call, index).features,
    }));
    const values = [...operands.map(({ value }) => value), builder.constant([0])];
    const starts = [0];
    for (const value of values) starts.push(starts[starts.length - 1] + builder.sizeOf(value));
    const zero = starts[operands.length];
    const widths = widthsOf(call);
    const indices = Array.from({ length: rowsOfFeatures(call).rows }, (_, row) =>
      operands.flatMap(({ features }, index) =>
        Array.from({ length: widths[index] }, (__, feature) =>
          feature < features ? starts[index] + row * features + feature : zero,
        ),
      ),
    ).flat();
    return [builder.arrange(values, indices)];
  },
};

function widthsOf(call: Call): readonly number[] {
  const widths = integersAttribute(call, "inputdimensions");
  if (widths?.length === call.operands.length && widths.every((width) => width >= 0)) return widths;
  throw nodeError(call, `attribute inputdimensions has ${widths?.length ?? 0} sizes, want one an operand`);
}
