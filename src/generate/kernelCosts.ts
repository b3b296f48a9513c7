import { smallProgram } from "../bench/smallProgram.ts";
import type { KernelNode } from "../ir/integerGraph.ts";
import { emitModel } from "../model/compileModel.ts";

/** Widths of the integers that the examples read. */
export const COST_WIDTHS = [4, 8, 12] as const;

/** One use of a kernel at any width of its operands, the last of `kernels`. */
interface Example {
  readonly what: string;
  /** Elements of the inputs x, y and c, all unsigned; c are single bits. */
  readonly lengths: Readonly<Partial<Record<"x" | "y" | "c", number>>>;
  readonly kernels: (bits: number) => readonly KernelNode[];
}

const HALF = { name: "half", output: "half", kernel: "Linear", inputs: ["x"], groups: 1, windows: [[0]] } as const;
const last = { name: "out", output: "out" };
const ALL_OF_16 = [Array.from({ length: 16 }, (_, index) => index)];

/** A number of either sign and one bit more than the input. */
const centred = (bits: number): KernelNode => ({ ...HALF, weights: [[2]], bias: [1 - 2 ** bits] });

const EXAMPLES: readonly Example[] = [
  {
    what: "index of the greatest of 10",
    lengths: { x: 10 },
    kernels: () => [{ ...last, kernel: "ArgMax", input: "x", batch: 1 }],
  },
  {
    what: "16 elements in another order",
    lengths: { x: 16 },
    kernels: () => [{ ...last, kernel: "Arrange", inputs: ["x"], indices: ALL_OF_16[0].toReversed(), constants: [] }],
  },
  {
    what: "whether a number is at least 0",
    lengths: { x: 1 },
    kernels: (bits) => [centred(bits), { ...last, kernel: "Compare", input: "half", relation: "nonNegative" }],
  },
  {
    what: "whether a number is 0",
    lengths: { x: 1 },
    kernels: (bits) => [centred(bits), { ...last, kernel: "Compare", input: "half", relation: "zero" }],
  },
  {
    what: "quotient of two numbers",
    lengths: { x: 1, y: 1 },
    kernels: () => [
      { ...HALF, inputs: ["y"], weights: [[1]], bias: [1] },
      { ...last, kernel: "Divide", numerator: "x", denominator: "half", multiplier: 1 },
    ],
  },
  {
    what: "greatest of 4",
    lengths: { x: 4 },
    kernels: () => [{ ...last, kernel: "Extreme", which: "max", inputs: ["x"], windows: [[0, 1, 2, 3]] }],
  },
  {
    what: "16 sums of 16 products with constants",
    lengths: { x: 16 },
    kernels: () => [
      {
        ...last,
        kernel: "Linear",
        inputs: ["x"],
        groups: 1,
        windows: ALL_OF_16,
        weights: ALL_OF_16[0].map((row) => ALL_OF_16[0].map((column) => ((row * 5 + column * 3) % 15) - 7)),
        bias: ALL_OF_16[0],
      },
    ],
  },
  {
    what: "product of two numbers",
    lengths: { x: 1, y: 1 },
    kernels: () => [{ ...last, kernel: "Multiply", left: "x", right: "y" }],
  },
  {
    what: "a number as an element for each value that it can have",
    lengths: { x: 1 },
    kernels: (bits) => [{ ...last, kernel: "OneHot", input: "x", size: 2 ** bits }],
  },
  {
    what: "ReLU, division by 4 and a limit",
    lengths: { x: 1 },
    kernels: (bits) => [
      centred(bits),
      { ...last, kernel: "Requantise", input: "half", shifts: [2], bits: bits - 2, signed: false },
    ],
  },
  {
    what: "square root",
    lengths: { x: 1 },
    kernels: () => [{ ...last, kernel: "Root", input: "x", multiplier: 1 }],
  },
  {
    what: "choice between two numbers",
    lengths: { x: 1, y: 1, c: 1 },
    kernels: () => [{ ...last, kernel: "Select", condition: "c", whenTrue: "x", whenFalse: "y" }],
  },
  {
    what: "any function of a number",
    lengths: { x: 1 },
    kernels: (bits) => [
      {
        ...last,
        kernel: "Table",
        input: "x",
        low: 0,
        values: Array.from({ length: 2 ** bits }, (_, value) => (value * value * 167 + value * 29 + 13) % 251),
      },
    ],
  },
  {
    what: "three trees of depth 2, 3 features",
    lengths: { x: 3 },
    kernels: (bits) => [
      {
        ...last,
        kernel: "TreeEnsemble",
        input: "x",
        batch: 1,
        base: [0],
        trees: [0, 1, 2].map((feature) => ({
          feature,
          threshold: 2 ** bits / 2,
          yes: { feature: (feature + 1) % 3, threshold: 3, yes: { add: [1] }, no: { add: [-2] } },
          no: { feature: (feature + 2) % 3, threshold: 5, yes: { add: [4] }, no: { add: [7] } },
        })),
      },
    ],
  },
];

/** Rows of a table: kernel, an example of it, and what the compiler will count of it at each of `COST_WIDTHS`. */
export const kernelCostRows = (): string[][] =>
  EXAMPLES.map((example) => [
    example.kernels(COST_WIDTHS[0]).at(-1)!.kernel,
    example.what,
    ...COST_WIDTHS.map((bits) => String(costAt(example, bits))),
  ]);

function costAt({ lengths, kernels }: Example, bits: number): number {
  const inputs = Object.entries(lengths).map(([name, length]) => [
    name,
    { shape: [length], bits: name === "c" ? 1 : bits, signed: false },
  ]);
  const { byKernel } = emitModel(smallProgram("example", Object.fromEntries(inputs), ...kernels(bits))).emitted;
  // The output's words come last.
  return byKernel.at(-2)!.total;
}
