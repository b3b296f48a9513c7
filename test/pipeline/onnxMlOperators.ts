import { expect } from "chai";
import { InputError } from "../../src/errors.ts";
import { floatTwin } from "../../src/float/floatTwin.ts";
import { decodeOutputs } from "../../src/ir/decodeOutputs.ts";
import { encodeInputs } from "../../src/ir/encodeInputs.ts";
import { evaluate } from "../../src/kernels/interpret.ts";
import { ML_OPERATORS } from "../../src/onnx/ml/registry.ts";
import { readOnnx } from "../../src/onnx/readOnnx.ts";
import { evaluateReal } from "../../src/passes/evaluateReal.ts";
import { lowerGraph } from "../../src/passes/lowerGraph.ts";
import { quantise } from "../../src/passes/quantise.ts";
import {
  type AttributeValue,
  DOUBLE,
  FLOAT,
  INT64,
  type ModelSpec,
  STRING,
  type TensorSpec,
  buildModel,
  encode,
  modelObject,
} from "../fixtures/onnx/buildModel.ts";
import { seededNumbers } from "../fixtures/onnx/seededNumbers.ts";

type Attributes = Readonly<Record<string, AttributeValue>>;

/** One use of an operator: its attributes and the rows of features that it reads. */
interface Use {
  readonly op: string;
  readonly attributes: Attributes;
  readonly rows: readonly (readonly number[])[];
  readonly version: number;
  /** Constant operands: before or after the rows. */
  readonly before?: TensorSpec;
  readonly after?: TensorSpec;
  readonly inputType?: number;
  /** Element types of the outputs, one float where absent; undefined for one that nothing reads. */
  readonly outputs?: readonly (number | undefined)[];
  /** Greatest error over 1 + what onnxruntime gives; that of its 32-bit floats where absent. */
  readonly tolerance?: number;
}

const reals = (...values: number[]) => ({ reals: values });
const real = (value: number) => ({ real: value });

const ROWS = [
  [-1, 0.5],
  [1, 2],
  [0.25, 0],
  [0.3, -0.7],
];
const LABEL = [INT64, FLOAT];

const modelOf = ({ op, attributes, rows, version, before, after, inputType = FLOAT, outputs = [FLOAT] }: Use) =>
  buildModel({
    inputs: [{ name: "x", shape: [rows.length, rows[0].length], dataType: inputType }],
    outputs: outputs.flatMap((dataType, index) => (dataType === undefined ? [] : [{ name: `y${index}`, dataType }])),
    nodes: [
      {
        op,
        domain: "ai.onnx.ml",
        inputs: [...(before ? ["before"] : []), "x", ...(after ? ["after"] : [])],
        outputs: outputs.map((_, index) => `y${index}`),
        attributes,
      },
    ],
    constants: { ...(before && { before }), ...(after && { after }) },
    mlOpset: version,
  });

const expectSameMeaning = (use: Use): Promise<void> => {
  const row = use.rows.flat();
  return expectSameOutputs(modelOf(use), [use.inputType === INT64 ? row : row.map(Math.fround)], use.tolerance);
};

/** Our steps in real numbers give what onnxruntime gives, up to the rounding of 32-bit floats. */
async function expectSameOutputs(
  bytes: Uint8Array,
  sample: readonly (readonly number[])[],
  tolerance: number = 2e-6,
): Promise<void> {
  const graph = readOnnx(bytes);
  const program = lowerGraph(graph);
  const values = evaluateReal(program, sample);
  const twin = (await floatTwin(bytes, graph))!;
  const theirs = await twin.run(sample);
  await twin.release();
  expect(theirs.length).to.equal(program.outputs.length);
  program.outputs.forEach(({ from, shape }, output) => {
    const [ours, wanted] = [values.get(from)!, theirs[output].values];
    expect(ours.length).to.equal(wanted.length);
    expect(shape.reduce((product, size) => product * size, 1)).to.equal(wanted.length);
    ours.forEach((value, index) => {
      const allowed = tolerance * (1 + Math.abs(wanted[index]));
      const error = Math.abs(value - wanted[index]);
      expect(error <= allowed, `output ${output}, element ${index}: ${value}, want ${wanted[index]}`).to.equal(true);
    });
  });
}

/** A column of the attributes of trees. */
interface TreeNode {
  readonly tree: number;
  readonly id: number;
  readonly mode: string;
  readonly feature?: number;
  readonly value?: number;
  readonly yes?: number;
  readonly no?: number;
  /** What a leaf adds, by score. */
  readonly add?: Readonly<Record<number, number>>;
}

function treeAttributes(nodes: readonly TreeNode[], prefix: "class" | "target", asDoubles = false): Attributes {
  const column = (pick: (node: TreeNode) => number | undefined) => nodes.map((node) => pick(node) ?? 0);
  const leaves = nodes.flatMap(({ tree, id, add = {} }) =>
    Object.entries(add).map(([score, weight]) => ({ tree, id, score: Number(score), weight })),
  );
  const numbers = (name: string, values: readonly number[]): Attributes =>
    asDoubles
      ? { [`${name}_as_tensor`]: { dims: [values.length], data: values, dataType: DOUBLE } }
      : { [name]: { reals: values } };
  return {
    nodes_treeids: column(({ tree }) => tree),
    nodes_nodeids: column(({ id }) => id),
    nodes_featureids: column(({ feature }) => feature),
    nodes_modes: nodes.map(({ mode }) => mode),
    ...numbers(
      "nodes_values",
      column(({ value }) => value),
    ),
    nodes_truenodeids: column(({ yes }) => yes),
    nodes_falsenodeids: column(({ no }) => no),
    [`${prefix}_treeids`]: leaves.map(({ tree }) => tree),
    [`${prefix}_nodeids`]: leaves.map(({ id }) => id),
    [`${prefix}_ids`]: leaves.map(({ score }) => score),
    ...numbers(
      `${prefix}_weights`,
      leaves.map(({ weight }) => weight),
    ),
  };
}

/** Full trees of random branches; leaves add what `leaf` says. */
function randomTrees(
  count: number,
  depth: number,
  modes: readonly string[],
  leaf: (next: () => number, tree: number) => Record<number, number>,
): TreeNode[] {
  const numbers = seededNumbers(count * 10 + depth);
  const next = () => numbers(1)[0];
  const values = [-1, 0.25, 0.3, 0.5, 0, 2].map(Math.fround);
  return Array.from({ length: count }, (_, tree) => {
    const inner = 2 ** depth - 1;
    return Array.from({ length: 2 ** (depth + 1) - 1 }, (__, id): TreeNode => {
      if (id >= inner) return { tree, id, mode: "LEAF", add: leaf(next, tree) };
      const mode = modes[Math.floor((next() + 1) * 0.4999 * modes.length)];
      const value = values[Math.floor((next() + 1) * 2.999)];
      return { tree, id, mode, feature: next() > 0 ? 1 : 0, value, yes: 2 * id + 1, no: 2 * id + 2 };
    });
  }).flat();
}

const MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"];

const stump = (yes: Record<number, number>, no: Record<number, number>): TreeNode[] => [
  { tree: 0, id: 0, mode: "BRANCH_LEQ", feature: 0, value: 0.25, yes: 1, no: 2 },
  { tree: 0, id: 1, mode: "LEAF", add: yes },
  { tree: 0, id: 2, mode: "LEAF", add: no },
];

const classifier = (nodes: readonly TreeNode[], attributes: Attributes, outputs: Use["outputs"] = LABEL): Use => ({
  op: "TreeEnsembleClassifier",
  attributes: { ...treeAttributes(nodes, "class"), ...attributes },
  rows: ROWS,
  version: 3,
  outputs,
});

const regressor = (nodes: readonly TreeNode[], attributes: Attributes): Use => ({
  op: "TreeEnsembleRegressor",
  attributes: { ...treeAttributes(nodes, "target"), ...attributes },
  rows: ROWS,
  version: 3,
});

const TRANSFORMS = ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"];

const boosted = randomTrees(6, 3, ["BRANCH_LT"], (next) => ({ 0: next() }));
const boostedThree = randomTrees(6, 3, ["BRANCH_LT"], (next, tree) => ({ [tree % 3]: next() }));
const forest = randomTrees(5, 3, ["BRANCH_LEQ"], (next) => {
  const share = (next() + 1) / 10;
  return { 0: share, 1: (0.2 - share) / 2, 2: (0.2 - share) / 2 };
});
const votes = randomTrees(5, 2, ["BRANCH_LEQ"], (next) => ({ 0: (next() + 1) / 10 }));

const TREES: Readonly<Record<string, Use>> = {
  ...Object.fromEntries(
    MODES.map((mode) => [
      `branches ${mode}`,
      regressor(
        randomTrees(4, 3, [mode], (next) => ({ 0: next() })),
        { n_targets: 1 },
      ),
    ]),
  ),
  "branches of all kinds": regressor(
    randomTrees(8, 4, MODES, (next) => ({ 0: next(), 1: next() })),
    { n_targets: 2 },
  ),
  "thresholds and weights in double precision": {
    ...regressor([], { n_targets: 1 }),
    attributes: {
      ...treeAttributes(
        randomTrees(3, 2, ["BRANCH_LEQ"], (next) => ({ 0: next() })),
        "target",
        true,
      ),
      base_values_as_tensor: { dims: [1], data: [0.1], dataType: DOUBLE },
      n_targets: 1,
    },
    inputType: DOUBLE,
    outputs: [FLOAT],
  },
  ...Object.fromEntries(
    ["SUM", "AVERAGE", "MIN", "MAX"].map((aggregate) => [
      `aggregate ${aggregate}`,
      regressor(
        randomTrees(4, 2, ["BRANCH_GT"], (next) => ({ 0: next(), 1: next() })),
        { n_targets: 2, aggregate_function: aggregate, base_values: reals(3, -1) },
      ),
    ]),
  ),
  ...Object.fromEntries(
    TRANSFORMS.flatMap((transform) => [
      [`one target, ${transform}`, regressor(boosted, { n_targets: 1, post_transform: transform })],
      [`three targets, ${transform}`, regressor(boostedThree, { n_targets: 3, post_transform: transform })],
      [
        `two classes by one sum, ${transform}`,
        classifier(boosted, { classlabels_int64s: [0, 1], post_transform: transform, base_values: reals(0.1) }),
      ],
      [
        `two classes by votes, ${transform}`,
        classifier(votes, { classlabels_int64s: [7, -2], post_transform: transform }),
      ],
      [
        `two classes, all weights of the second, ${transform}`,
        classifier(stump({ 1: -0.4 }, { 1: 0.7 }), { classlabels_int64s: [0, 1], post_transform: transform }),
      ],
      [
        `two classes, weights of both and no label, ${transform}`,
        classifier(
          stump({ 0: 0.8, 1: 0.2 }, { 0: 0.3, 1: 0.7 }),
          { classlabels_int64s: [0, 1], post_transform: transform },
          [undefined, FLOAT],
        ),
      ],
      [
        `three classes of boosted trees, ${transform}`,
        classifier(boostedThree, {
          classlabels_int64s: [0, 1, 2],
          post_transform: transform,
          base_values: reals(0.1, 0.3, -0.2),
        }),
      ],
    ]),
  ),
  "a probit of one target": { ...regressor(votes, { n_targets: 1, post_transform: "PROBIT" }), tolerance: 1e-5 },
  "a forest of three classes": classifier(forest, { classlabels_int64s: [10, 20, 30] }),
  "classes with names": {
    ...classifier(forest, { classlabels_strings: ["setosa", "versicolor", "virginica"] }, [STRING, FLOAT]),
  },
  "a single leaf": regressor([{ tree: 3, id: 7, mode: "LEAF", add: { 0: 2.5 } }], { n_targets: 1 }),
  "a leaf that adds nothing": regressor(stump({}, { 0: 1 }), { n_targets: 1 }),
};

const newTrees = (modes: readonly number[], aggregate: number, transform: number): Use => ({
  op: "TreeEnsemble",
  attributes: {
    aggregate_function: aggregate,
    post_transform: transform,
    n_targets: aggregate > 1 ? 1 : 2,
    leaf_targetids: aggregate > 1 ? [0, 0, 0, 0] : [0, 1, 0, 1],
    leaf_weights: { dims: [4], data: [1, 2, 4, -3] },
    nodes_featureids: [0, 1, 1],
    nodes_modes: { dims: [3], data: modes, dataType: 2 },
    nodes_splits: { dims: [3], data: [0.25, 0.5, 2] },
    nodes_truenodeids: [0, 1, 1],
    nodes_trueleafs: [1, 1, 1],
    nodes_falsenodeids: [1, 2, 3],
    nodes_falseleafs: [0, 1, 1],
    tree_roots: [0, 2],
  },
  rows: ROWS,
  version: 5,
});

const linear = (attributes: Attributes, op = "LinearClassifier"): Use => ({
  op,
  attributes,
  rows: ROWS,
  version: 1,
  outputs: op.endsWith("Classifier") ? LABEL : [FLOAT],
});

const SUPPORT = {
  kernel_params: reals(0.5, 0.1, 3),
  support_vectors: reals(1, 0, 0, 1, -1, 0.5),
};

const USES: Readonly<Record<string, Use>> = {
  ...TREES,
  ...Object.fromEntries(
    [
      [0, 0, 0],
      [1, 2, 1],
      [2, 3, 4],
      [4, 5, 0],
    ].map((modes) => [`the newer form, branches ${modes.join(" ")}`, newTrees(modes, 1, 0)]),
  ),
  ...Object.fromEntries(
    [0, 1, 2, 3].map((aggregate) => [`the newer form, aggregate ${aggregate}`, newTrees([0, 1, 2], aggregate, 0)]),
  ),
  ...Object.fromEntries(
    [3].map((transform) => [`the newer form, transform ${transform}`, newTrees([0, 1, 2], 1, transform)]),
  ),
  ...Object.fromEntries(
    TRANSFORMS.flatMap((transform) => [
      [
        `a linear classifier of one sum, ${transform}`,
        linear({
          classlabels_ints: [0, 1],
          coefficients: reals(0.5, 0.3),
          intercepts: reals(0.1),
          post_transform: transform,
        }),
      ],
      [
        `a linear classifier of three sums, ${transform}`,
        linear({
          classlabels_ints: [3, 5, 4],
          coefficients: reals(-0.5, -0.3, 0.5, 0.3, 0.1, -1),
          intercepts: reals(-0.1, 0.1, 0),
          multi_class: 1,
          post_transform: transform,
        }),
      ],
      [
        `a linear regressor of two targets, ${transform}`,
        linear(
          { coefficients: reals(0.5, 0.3, 1, 2), intercepts: reals(0.1, 0), targets: 2, post_transform: transform },
          "LinearRegressor",
        ),
      ],
      [
        `a linear regressor of one target, ${transform}`,
        linear({ coefficients: reals(0.5, 0.3), post_transform: transform }, "LinearRegressor"),
      ],
    ]),
  ),
  ...Object.fromEntries(
    ["LINEAR", "POLY", "RBF", "SIGMOID"].flatMap((kernel) => {
      const shared = { ...SUPPORT, kernel_type: kernel, coefficients: reals(1, -0.5, -0.5), rho: reals(0.2) };
      const two = { ...shared, classlabels_ints: [10, 20], vectors_per_class: [1, 2] };
      return [
        [`support vectors, ${kernel}`, linear({ ...shared, n_supports: 3 }, "SVMRegressor")],
        [`two classes by support vectors, ${kernel}`, linear(two, "SVMClassifier")],
        [
          `two classes by support vectors, ${kernel}, LOGISTIC`,
          linear({ ...two, post_transform: "LOGISTIC" }, "SVMClassifier"),
        ],
        [
          `two classes by support vectors, ${kernel}, calibrated`,
          // onnxruntime approaches the probability by iteration, also of two classes.
          { ...linear({ ...two, prob_a: reals(-1.5), prob_b: reals(0.1) }, "SVMClassifier"), tolerance: 3e-3 },
        ],
        [
          `three classes by support vectors, ${kernel}`,
          linear(
            {
              ...shared,
              classlabels_ints: [10, 20, 30],
              vectors_per_class: [1, 1, 1],
              coefficients: reals(1, -0.5, -0.5, 0.25, 0.5, -0.75),
              rho: reals(0.2, -0.1, 0.3),
            },
            "SVMClassifier",
          ),
        ],
      ];
    }),
  ),
  "support vectors of one class": linear(
    {
      ...SUPPORT,
      kernel_type: "RBF",
      coefficients: reals(1, -0.5, -0.5),
      rho: reals(0.2),
      n_supports: 3,
      one_class: 1,
    },
    "SVMRegressor",
  ),
  "a linear support vector regressor": linear(
    {
      kernel_type: "LINEAR",
      kernel_params: reals(0.5, 0, 3),
      coefficients: reals(1, -0.5),
      rho: reals(0.2),
      n_supports: 0,
    },
    "SVMRegressor",
  ),
  ...Object.fromEntries(
    ["MAX", "L1", "L2"].map((norm) => [
      `rows of norm ${norm}`,
      { op: "Normalizer", attributes: { norm }, rows: [...ROWS, [-1, -2], [0, 0]], version: 1 },
    ]),
  ),
  "a scaler with a number a feature": {
    op: "Scaler",
    attributes: { offset: reals(1, 2), scale: reals(2, 3) },
    rows: ROWS,
    version: 1,
  },
  "a scaler of integers": {
    op: "Scaler",
    attributes: { offset: reals(1), scale: reals(0.5) },
    rows: [[1, -2, 5]],
    version: 1,
    inputType: INT64,
  },
  "a binarizer": { op: "Binarizer", attributes: { threshold: real(0.25) }, rows: ROWS, version: 1 },
  "an imputer of a number": {
    op: "Imputer",
    attributes: { imputed_value_floats: reals(9, 8), replaced_value_float: real(0.5) },
    rows: ROWS,
    version: 1,
  },
  "an imputer of NaN, which no input is": {
    op: "Imputer",
    attributes: { imputed_value_floats: reals(9), replaced_value_float: real(NaN) },
    rows: ROWS,
    version: 1,
  },
  "an imputer of integers": {
    op: "Imputer",
    attributes: { imputed_value_int64s: [9], replaced_value_int64: 1 },
    rows: [[1, 2]],
    version: 1,
    inputType: INT64,
    outputs: [INT64],
  },
  "labels from integers to floats": {
    op: "LabelEncoder",
    attributes: { keys_int64s: [1, 2, 7, 1], values_floats: reals(0.5, 0.7, -1, 9), default_float: real(-3) },
    rows: [[2, 7, 3, 0]],
    version: 2,
    inputType: INT64,
  },
  "labels from floats to integers": {
    op: "LabelEncoder",
    attributes: { keys_floats: reals(-1, 0.3), values_int64s: [5, 7] },
    rows: ROWS,
    version: 2,
    outputs: [INT64],
  },
  "labels from integers to strings": {
    op: "LabelEncoder",
    attributes: { keys_int64s: [1, 2, 5], values_strings: ["a", "b", "a"], default_string: "c" },
    rows: [[1, 2, 3, 5]],
    version: 2,
    inputType: INT64,
    outputs: [STRING],
  },
  "labels from tensors": {
    op: "LabelEncoder",
    attributes: {
      keys_tensor: { dims: [2], data: [1, 2], dataType: INT64 },
      values_tensor: { dims: [2], data: [0.5, 0.25] },
      default_tensor: { dims: [1], data: [4] },
    },
    rows: [[1, 2, 3]],
    version: 4,
    inputType: INT64,
  },
  "names of numbers": {
    op: "LabelEncoder",
    attributes: { classes_strings: ["a", "b"], default_string: "q" },
    rows: [[0, 1, 3]],
    version: 1,
    inputType: INT64,
    outputs: [STRING],
  },
  "categories of integers": {
    op: "OneHotEncoder",
    attributes: { cats_int64s: [1, 5, -2], zeros: 1 },
    rows: [
      [1, 2],
      [5, -2],
    ],
    version: 1,
    inputType: INT64,
  },
  "categories of floats": {
    op: "OneHotEncoder",
    attributes: { cats_int64s: [1, 0, -2], zeros: 1 },
    rows: [
      [1.5, 2, 0.9],
      [-0.5, -2.75, -3],
    ],
    version: 1,
  },
  "features at constant indices": {
    op: "ArrayFeatureExtractor",
    attributes: {},
    rows: ROWS,
    version: 1,
    after: { dims: [1, 3], data: [1, 0, 1], dataType: INT64 },
  },
  "a constant at computed indices": {
    op: "ArrayFeatureExtractor",
    attributes: {},
    rows: [[1], [0], [2]],
    version: 1,
    inputType: INT64,
    before: { dims: [3], data: [0.5, -7, 3] },
  },
  "a name at computed indices": {
    op: "ArrayFeatureExtractor",
    attributes: {},
    rows: [[1], [0], [2]],
    version: 1,
    inputType: INT64,
    before: { dims: [3], data: ["low", "mid", "high"], dataType: STRING },
    outputs: [STRING],
  },
  "features side by side": {
    op: "FeatureVectorizer",
    attributes: { inputdimensions: [3, 1] },
    rows: ROWS,
    version: 1,
    after: { dims: [4, 2], data: [5, 6, 7, 8, 9, 10, 11, 12] },
  },
};

/** Uses that are refused, and what the message says. */
const REFUSED: Readonly<Record<string, readonly [Use, RegExp]>> = {
  "a branch of an unknown kind": [
    regressor(
      randomTrees(1, 1, ["BRANCH_MEMBER"], () => ({ 0: 1 })),
      { n_targets: 1 },
    ),
    /mode "BRANCH_MEMBER" is not supported; supported: LEAF, BRANCH_LEQ/,
  ],
  "trees that go in a circle": [
    regressor(
      [
        { tree: 0, id: 0, mode: "BRANCH_LEQ", feature: 0, value: 0, yes: 1, no: 2 },
        { tree: 0, id: 1, mode: "BRANCH_LEQ", feature: 1, value: 0, yes: 1, no: 2 },
        { tree: 0, id: 2, mode: "LEAF", add: { 0: 1 } },
      ],
      { n_targets: 1 },
    ),
    /deeper than 256 or goes in a circle/,
  ],
  "a feature that does not exist": [
    regressor([{ ...stump({ 0: 1 }, { 0: 2 })[0], feature: 2 }, ...stump({ 0: 1 }, { 0: 2 }).slice(1)], {
      n_targets: 1,
    }),
    /feature 2, want 0 to 1/,
  ],
  "a child that does not exist": [
    regressor(stump({ 0: 1 }, { 0: 2 }).slice(0, 2), { n_targets: 1 }),
    /tree 0 has no node 2/,
  ],
  "columns of different lengths": [
    regressor(stump({ 0: 1 }, { 0: 2 }), { n_targets: 1, nodes_featureids: [0] }),
    /attributes nodes_… have 3 and 1 elements/,
  ],
  "a class id beyond the classes": [
    classifier(boostedThree, { classlabels_int64s: [0, 1] }),
    /class_ids holds 2, want 0 to 1/,
  ],
  "the label of two classes that both have weights": [
    classifier(stump({ 0: 0.8, 1: 0.2 }, { 0: 0.3, 1: 0.7 }), { classlabels_int64s: [0, 1] }),
    /its label is not supported/,
  ],
  "the least of trees that leave a target out": [
    regressor(boostedThree, { n_targets: 3, aggregate_function: "MIN" }),
    /every leaf has a weight for every target/,
  ],
  "calibrated probabilities of three classes": [
    linear(
      {
        ...SUPPORT,
        kernel_type: "RBF",
        classlabels_ints: [0, 1, 2],
        vectors_per_class: [1, 1, 1],
        coefficients: reals(1, -0.5, -0.5, 0.25, 0.5, -0.75),
        rho: reals(0.2, -0.1, 0.3),
        prob_a: reals(1, 1, 1),
        prob_b: reals(0, 0, 0),
      },
      "SVMClassifier",
    ),
    /prob_a is supported for two classes only/,
  ],
  "strings as keys of numbers": [
    {
      op: "LabelEncoder",
      attributes: { keys_strings: ["a"], values_int64s: [1] },
      rows: [[1]],
      version: 2,
      inputType: INT64,
    },
    /keys_strings are supported only for strings that the model itself makes/,
  ],
  "a transform that onnxruntime numbers differently": [
    newTrees([0, 1, 2], 1, 1),
    /post_transform 1 and 2 are not supported/,
  ],
  "a version that does not exist": [{ ...newTrees([0, 1, 2], 1, 0), version: 6 }, /opset 6, want 5 to 5/],
};

/** A model of several nodes on the rows, with its outputs by name and type. */
const chainOf = (nodes: ModelSpec["nodes"], outputs: ModelSpec["outputs"]): Uint8Array =>
  buildModel({ inputs: [{ name: "x", shape: [ROWS.length, 2] }], outputs, nodes, mlOpset: 3 });

const named: ModelSpec["nodes"][number] = {
  op: "TreeEnsembleClassifier",
  domain: "ai.onnx.ml",
  inputs: ["x"],
  outputs: ["label", "scores"],
  attributes: { ...treeAttributes(forest, "class"), classlabels_strings: ["low", "mid", "high"] },
};

/** The integer program gives just what the real one gives, on samples of the one input whose results are whole. */
function expectSameIntegers(bytes: Uint8Array, rows: readonly (readonly number[])[]): void {
  const graph = readOnnx(bytes);
  const program = lowerGraph(graph);
  const { graph: integerGraph } = quantise(graph, { name: "whole", rows: rows.map((row) => [row]) });
  for (const row of rows) {
    const values = evaluateReal(program, [row]);
    const integers = evaluate(integerGraph, encodeInputs(integerGraph, [row]));
    expect(decodeOutputs(integerGraph, integers).map((output) => output.values)).to.deep.equal(
      program.outputs.map(({ from }) => values.get(from)),
    );
  }
}

describe("operators of ai.onnx.ml", () => {
  for (const [name, use] of Object.entries(USES)) {
    it(`mean what onnxruntime computes: ${name} (${use.op})`, () => expectSameMeaning(use));
  }

  it("are all compared with onnxruntime but ZipMap, which it cannot give out", () => {
    const covered = new Set(Object.values(USES).map(({ op }) => op));
    expect([...ML_OPERATORS.keys()].filter((name) => !covered.has(name))).to.deep.equal(["ZipMap"]);
  });

  it("give the tensor of scores for a map, and say what the numbers of strings stand for", async () => {
    const zipMap = { op: "ZipMap", domain: "ai.onnx.ml", inputs: ["scores"], outputs: ["map"] };
    const bytes = chainOf(
      [named, { ...zipMap, attributes: { classlabels_strings: ["low", "mid", "high"] } }],
      [{ name: "label", dataType: STRING }, { name: "map" }],
    );
    const graph = readOnnx(bytes);
    expect(graph.notes).to.deep.equal(['output "label" gives numbers for strings: 0, 1, … are ["low","mid","high"]']);
    expect(graph.outputs.map(({ shape }) => shape)).to.deep.equal([[4], [4, 3]]);
    await expectSameOutputs(bytes, [ROWS.flat().map(Math.fround)]);
  });

  it("read strings that the model itself makes", async () => {
    const encoder: ModelSpec["nodes"][number] = {
      op: "LabelEncoder",
      domain: "ai.onnx.ml",
      inputs: ["label"],
      outputs: ["y"],
      attributes: { keys_strings: ["high", "low", "never"], values_int64s: [100, -5, 7], default_int64: 0 },
    };
    await expectSameOutputs(chainOf([named, encoder], [{ name: "y", dataType: INT64 }]), [
      ROWS.flat().map(Math.fround),
    ]);
  });

  it("decide whole numbers at whole thresholds as floats do, once quantised", () => {
    const wholes = Array.from({ length: 10 }, (_, value) => value);
    const nodes = MODES.flatMap((mode, at) =>
      wholes.flatMap((value): TreeNode[] => {
        const tree = at * wholes.length + value;
        return [
          { tree, id: 0, mode, feature: 0, value, yes: 1, no: 2 },
          { tree, id: 1, mode: "LEAF", add: { 0: tree } },
          { tree, id: 2, mode: "LEAF", add: { 0: -tree } },
        ];
      }),
    );
    const rows = wholes.map((value) => [value, 0]);
    expectSameIntegers(modelOf({ ...regressor(nodes, { n_targets: 1 }), rows }), [rows.flat()]);
  });

  it("take features one by one that another node takes as a row, once quantised", () => {
    const encoder = { op: "OneHotEncoder", domain: "ai.onnx.ml", inputs: ["x"], outputs: ["y"] };
    const regress = { op: "TreeEnsembleRegressor", domain: "ai.onnx.ml", inputs: ["x"], outputs: ["z"] };
    const stumps = stump({ 0: 3 }, { 0: 5 }).map((node) => ({ ...node, feature: 1, value: 1000 }));
    const bytes = buildModel({
      inputs: [{ name: "x", shape: [1, 2] }],
      outputs: [{ name: "y" }, { name: "z" }],
      nodes: [
        { ...encoder, attributes: { cats_int64s: [0, 2, 7] } },
        { ...regress, attributes: { ...treeAttributes(stumps, "target"), n_targets: 1 } },
      ],
      mlOpset: 3,
    });
    expectSameIntegers(bytes, [
      [0, 999],
      [7, 2],
      [2, 1001],
    ]);
  });

  it("need no opset of the default domain where they stand alone", () => {
    const model = modelObject({
      inputs: [{ name: "x", shape: [1, 2] }],
      outputs: [{ name: "y" }],
      nodes: [{ op: "Scaler", domain: "ai.onnx.ml", inputs: ["x"], outputs: ["y"] }],
      mlOpset: 1,
    });
    model.opsetImport.shift();
    expect(readOnnx(encode(model)).outputs[0].shape).to.deep.equal([1, 2]);
    model.opsetImport.shift();
    expect(() => readOnnx(encode(model))).to.throw(InputError, /opset is not given, want 1 to 5/);
  });

  for (const [name, [use, message]] of Object.entries(REFUSED)) {
    it(`refuse ${name}`, () => {
      expect(() => lowerGraph(readOnnx(modelOf(use)))).to.throw(InputError, message);
    });
  }
});
