import { expect } from "chai";
import { INT64 } from "../../fixtures/onnx/buildModel.ts";
import {
  type Drawn,
  type OperatorCase,
  compareWithRuntime,
  floats,
  integers,
  refusalOf,
  titleOf,
} from "../../fixtures/onnx/operatorCase.ts";

const signed: Drawn = { shape: [2, 3], low: -3, high: 3 };
const positive: Drawn = { shape: [2, 3], low: 0.2, high: 3 };
const small: Drawn = { shape: [2, 3], low: -9, high: 9, dataType: INT64 };
const UINT8 = 2;
const INT32 = 6;
const bytes: Drawn = { shape: [2, 3], low: 0, high: 255, dataType: UINT8 };
const words: Drawn = { shape: [2, 3], low: -300, high: 300, dataType: INT32 };
const bytesOf = (...data: number[]) => ({ dims: [data.length], data, dataType: UINT8 });
const wordsOf = (...data: number[]) => ({ dims: [data.length], data, dataType: INT32 });

const CASES: readonly OperatorCase[] = [
  ...[0, 1, 2, 3, 5, 7, 9, -1, -2].map((exponent) => ({ op: "Pow", operands: [positive, floats([], exponent)] })),
  ...[2, 3, 4].map((exponent) => ({ op: "Pow", operands: [signed, floats([], exponent)] })),
  ...[0.5, -0.5, 1.5, 0.3].map((exponent) => ({ op: "Pow", operands: [positive, floats([], exponent)] })),
  { op: "Pow", operands: [positive, floats([3], 2, 0.5, 2)] },
  { op: "Pow", operands: [{ shape: [3, 1], low: 0.2, high: 2 }, floats([2], 2, -1)], opset: 7 },
  { op: "Pow", operands: [floats([], 2), signed] },
  { op: "Pow", operands: [floats([2, 1], 2, 0.5), signed] },
  { op: "Pow", operands: [small, integers([], 3)], outputs: [INT64] },
  { op: "Mod", operands: [small, integers([3], 4, -4, 3)], outputs: [INT64] },
  { op: "Mod", operands: [small, integers([3], 4, -4, 3)], attributes: { fmod: 1 }, outputs: [INT64] },
  { op: "Mod", operands: [signed, floats([], 1.1)], attributes: { fmod: 1 } },
  { op: "BitShift", operands: [bytes, bytesOf(0, 1, 5)], attributes: { direction: "RIGHT" }, outputs: [UINT8] },
  { op: "BitwiseAnd", operands: [words, wordsOf(0xf0, -2, 7)], outputs: [INT32] },
  { op: "BitwiseOr", operands: [wordsOf(0xf0, -2, 7), words], outputs: [INT32] },
  { op: "BitwiseXor", operands: [bytes, bytesOf(0, 255, 0x55)], outputs: [UINT8] },
  { op: "BitwiseNot", operands: [words], outputs: [INT32] },
];

describe("ONNX operators of powers, remainders and bits", () => {
  CASES.forEach((given, index) => {
    it(titleOf(given), async () => {
      expect(await compareWithRuntime(given, index + 1)).to.equal(12);
    });
  });

  const refusals: readonly [OperatorCase, message: string][] = [
    [
      { op: "Pow", operands: [positive, positive] },
      'node "pow" (Pow): both operands are computed; supported: a constant exponent or a constant base',
    ],
    [
      { op: "Pow", operands: [small, integers([], -1)] },
      'node "pow" (Pow): an integer to the power of -1 is not supported; want 0, 1, 2, …',
    ],
    [{ op: "Mod", operands: [small, small] }, 'node "mod" (Mod): the divisor must be constant'],
    [{ op: "Mod", operands: [small, integers([], 0)] }, 'node "mod" (Mod): divides by zero'],
    [{ op: "Mod", operands: [signed, floats([], 2)] }, 'node "mod" (Mod): float operands need attribute fmod 1'],
    [
      { op: "BitShift", operands: [bytes, bytesOf(1)], attributes: { direction: "LEFT" } },
      'node "bitshift" (BitShift): attribute direction "LEFT" is not supported; supported: RIGHT',
    ],
    [
      { op: "BitwiseAnd", operands: [words, words] },
      'node "bitwiseand" (BitwiseAnd): one operand must be constant, both are computed',
    ],
    [
      { op: "BitwiseNot", operands: [bytes] },
      'node "bitwisenot" (BitwiseNot): only signed integers that may be negative are supported',
    ],
  ];
  for (const [given, message] of refusals) {
    it(`refuse ${titleOf(given)}`, () => {
      expect(refusalOf(given)).to.equal(message);
    });
  }
});
