import type { IntegerInput, KernelNode, LinearNode, TreeNode } from "../ir/integerGraph.ts";
import { type Instance, type Range, kernelInstance, programInstance } from "./instance.ts";

const repeat = (range: Range, count: number): Range[] => Array.from({ length: count }, () => range);

/** What the kernels emit for operands of a few bits, so that every form of an element occurs, and small programs. */
export const kernelInstances = (): Instance[] => [
  ...arrangements(),
  ...labels(),
  ...comparisons(),
  ...divisions(),
  ...extremes(),
  ...sums(),
  ...products(),
  ...indicators(),
  ...rescalings(),
  ...roots(),
  ...selections(),
  ...tables(),
  ...trees(),
  ...programs(),
];

const arrangements = (): Instance[] => [
  kernelInstance(
    "Arrange",
    node("Arrange", "arranged", { inputs: ["arA"], indices: [2, 0, 3, 1, 2], constants: [7] }),
    [
      [
        [0, 1],
        [0, 2],
        [-1, 1],
      ],
    ],
  ),
];

const labels = (): Instance[] => [
  kernelInstance("ArgMax of 3", node("ArgMax", "label3", { input: "amA", batch: 1 }), [repeat([0, 3], 3)]),
  kernelInstance("ArgMax of 2", node("ArgMax", "label2", { input: "amB", batch: 1 }), [repeat([-2, 1], 2)]),
  kernelInstance("ArgMax of 4, unequal", node("ArgMax", "label4", { input: "amC", batch: 1 }), [
    [
      [0, 1],
      [-2, 3],
      [1, 2],
      [0, 3],
    ],
  ]),
  kernelInstance("ArgMax with a loser", node("ArgMax", "labelL", { input: "amD", batch: 1 }), [
    [
      [0, 2],
      [-4, -1],
      [0, 3],
      [1, 1],
    ],
  ]),
];

const comparisons = (): Instance[] => [
  kernelInstance("Compare, signs", node("Compare", "signs", { input: "coA", relation: "nonNegative" }), [
    [
      [1, 4],
      [-4, 3],
      [-1, 1],
      [-1, 0],
      [-3, 2],
    ],
  ]),
  kernelInstance("Compare, zeros", node("Compare", "zeros", { input: "coB", relation: "zero" }), [
    [
      [1, 4],
      [-4, 3],
      [-1, 1],
      [0, 1],
      [0, 5],
    ],
  ]),
];

const divisions = (): Instance[] => [
  kernelInstance("Divide", node("Divide", "ratios", { numerator: "diA", denominator: "diB", multiplier: 2 }), [
    repeat([-3, 4], 4),
    [
      [1, 3],
      [3, 3],
    ],
  ]),
  kernelInstance("Divide, easy", node("Divide", "eased", { numerator: "diC", denominator: "diD", multiplier: 6 }), [
    [
      [0, 3],
      [0, 0],
      [-2, 2],
    ],
    [
      [2, 2],
      [1, 4],
      [4, 4],
    ],
  ]),
];

const extremes = (): Instance[] =>
  (["max", "min"] as const).map((which) =>
    kernelInstance(
      `Extreme, ${which}`,
      node("Extreme", `ext_${which}`, {
        which,
        inputs: [`ex_${which}`],
        windows: [[0, 1, 2], [1, 3], [3], [0, 4]],
      }),
      [
        [
          [0, 3],
          [-1, 2],
          [1, 2],
          [0, 2],
          [2, 2],
        ],
      ],
    ),
  );

const SUMS: Omit<LinearNode, "kernel" | "name" | "output" | "inputs"> = {
  groups: 1,
  windows: [
    [0, 1],
    [1, -1],
  ],
  weights: [
    [3, -2],
    [-1, 1],
    [1, 1],
  ],
  bias: [1, 0, -3],
};

const sums = (): Instance[] => [
  kernelInstance("Linear", node("Linear", "sums", { inputs: ["liA"], ...SUMS }), [repeat([-2, 2], 2)]),
  kernelInstance(
    "Linear in groups",
    node("Linear", "grouped", {
      inputs: ["liB", "liC"],
      groups: 2,
      windows: [
        [0, 1, 2],
        [1, 2, 3],
      ],
      weights: [
        [2, 2, 5],
        [1, 1, 0],
      ],
      bias: [0, 4],
    }),
    [repeat([0, 2], 2), repeat([-1, 1], 2)],
  ),
];

const products = (): Instance[] => [
  kernelInstance("Multiply", node("Multiply", "products", { left: "muA", right: "muB" }), [
    [
      [-2, 2],
      [3, 3],
      [0, 3],
      [2, 2],
      [1, 1],
    ],
    [
      [-1, 3],
      [0, 2],
      [5, 5],
      [2, 2],
      [0, 2],
    ],
  ]),
];

const indicators = (): Instance[] => [
  kernelInstance("OneHot", node("OneHot", "indicators", { input: "ohA", size: 4 }), [
    [
      [0, 3],
      [1, 3],
      [2, 2],
      [1, 2],
    ],
  ]),
];

const rescalings = (): Instance[] => [
  kernelInstance(
    "Requantise, signed",
    node("Requantise", "scaled", { input: "reA", shifts: [1], bits: 2, signed: true }),
    [
      [
        [-9, 9],
        [-9, 1],
        [-2, 9],
        [-3, 2],
        [8, 9],
      ],
    ],
  ),
  kernelInstance(
    "Requantise, ReLU",
    node("Requantise", "relu", { input: "reB", shifts: [0, 2], bits: 2, signed: false }),
    [
      [
        [-5, 6],
        [0, 3],
        [-9, 20],
        [-9, 3],
      ],
    ],
  ),
];

const roots = (): Instance[] => [
  kernelInstance("Root", node("Root", "roots", { input: "roA", multiplier: 2 }), [
    [
      [0, 7],
      [0, 4],
      [2, 2],
    ],
  ]),
];

const selections = (): Instance[] => [
  kernelInstance("Select", node("Select", "chosen", { condition: "seA", whenTrue: "seB", whenFalse: "seC" }), [
    [
      [0, 1],
      [1, 1],
      [0, 0],
      [0, 1],
      [0, 1],
      [0, 1],
    ],
    [
      [-1, 2],
      [0, 2],
      [0, 1],
      [5, 5],
      [1, 1],
      [4, 4],
    ],
    [
      [0, 2],
      [0, 1],
      [0, 2],
      [2, 2],
      [0, 0],
      [4, 4],
    ],
  ]),
];

const tables = (): Instance[] => [
  tableInstance("tab5", -2, [3, 1, 4, 1, 5]),
  tableInstance("tab2", 0, [2, 7]),
  tableInstance(
    "tab40",
    0,
    Array.from({ length: 40 }, (_, index) => (index * index * 7) % 31),
  ),
];

const tableInstance = (output: string, low: number, values: number[]): Instance =>
  kernelInstance(`Table of ${values.length}`, node("Table", output, { input: `${output}_in`, low, values }), [
    [
      [low, low + values.length - 1],
      [low, low],
    ],
  ]);

const leaf = (...add: number[]): TreeNode => ({ add });
const ask = (feature: number, threshold: number, yes: TreeNode, no: TreeNode): TreeNode => ({
  feature,
  threshold,
  yes,
  no,
});

const trees = (): Instance[] => [
  kernelInstance(
    "TreeEnsemble",
    node("TreeEnsemble", "scores", {
      input: "trA",
      batch: 1,
      base: [1],
      trees: [
        ask(0, 1, ask(1, 0, leaf(3), leaf(-2)), leaf(5)),
        ask(1, 2, leaf(0), ask(0, 3, leaf(1), ask(1, 3, leaf(7), leaf(9)))),
      ],
    }),
    [repeat([0, 5], 2)],
  ),
  kernelInstance(
    "TreeEnsemble, scores in lanes",
    node("TreeEnsemble", "laned", {
      input: "trB",
      batch: 1,
      base: [0, 1],
      trees: [
        ask(0, 1, ask(1, 0, leaf(3, 0), leaf(0, 1)), ask(1, 1, leaf(1, 1), leaf(2, 0))),
        ask(1, 1, ask(0, 0, leaf(1, 2), leaf(0, 1)), ask(0, 2, leaf(3, 3), leaf(1, 0))),
      ],
    }),
    [repeat([0, 3], 2)],
  ),
];

const input = (name: string, length: number, bits: number, signed: boolean): IntegerInput => ({
  name,
  shape: [length],
  bits,
  signed,
  scale: 1,
  range: { low: 0, high: 1, source: "option" },
});

const programs = (): Instance[] => [
  programInstance(
    "sums that share a row, rescaled",
    [input("pgA", 2, 2, false)],
    [
      node("Linear", "pgSums", {
        inputs: ["pgA"],
        groups: 1,
        windows: [[0, 1]],
        weights: SUMS.weights,
        bias: SUMS.bias,
      }),
      node("Requantise", "pgRelu", { input: "pgSums", shifts: [1], bits: 2, signed: false }),
    ],
  ),
  programInstance(
    "sums that share a row, compared",
    [input("pgB", 2, 2, true)],
    [
      node("Linear", "pgDifferences", {
        inputs: ["pgB"],
        groups: 1,
        windows: [[0, 1]],
        weights: [
          [1, -2],
          [2, 1],
        ],
        bias: [1, -1],
      }),
      node("Compare", "pgSigns", { input: "pgDifferences", relation: "nonNegative" }),
    ],
  ),
  programInstance(
    "a quotient that its reader bounds",
    [input("pgC", 2, 3, true)],
    [
      node("Arrange", "pgDivisor", { inputs: ["pgC"], indices: [2], constants: [3] }),
      node("Divide", "pgQuotients", { numerator: "pgC", denominator: "pgDivisor", multiplier: 2 }),
      node("Requantise", "pgScaled", { input: "pgQuotients", shifts: [1], bits: 2, signed: true }),
    ],
  ),
  programInstance(
    "a quotient by a variable that its reader bounds",
    [input("pgD", 1, 3, true), input("pgE", 1, 1, false)],
    [
      node("Linear", "pgPositive", { inputs: ["pgE"], groups: 1, windows: [[0]], weights: [[2]], bias: [1] }),
      node("Divide", "pgRatio", { numerator: "pgD", denominator: "pgPositive", multiplier: 1 }),
      node("Compare", "pgSign", { input: "pgRatio", relation: "nonNegative" }),
    ],
  ),
];

/** A kernel node called like its output. */
function node<Kind extends KernelNode["kernel"]>(
  kernel: Kind,
  output: string,
  attributes: Omit<Extract<KernelNode, { kernel: Kind }>, "kernel" | "name" | "output">,
): Extract<KernelNode, { kernel: Kind }> {
  return { kernel, name: output, output, ...attributes } as Extract<KernelNode, { kernel: Kind }>;
}
