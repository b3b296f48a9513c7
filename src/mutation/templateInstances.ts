import { poseidonConstants } from "../circom/poseidonConstants.ts";
import { commit, commitInput } from "../codec/commitment.ts";
import { type CodecTensor, packWords } from "../codec/codec.ts";
import { outputCommitmentOf } from "../codec/statement.ts";
import { SCALAR_ORDER, mod } from "../field.ts";
import { poseidonHash } from "./poseidonHash.ts";
import { type Instance, type Range, combinations, templateInstance } from "./instance.ts";

const names = (signal: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${signal}[${index}]`);
const bit = (value: bigint, index: number): bigint => (value >> BigInt(index)) & 1n;
const floorDivide = (dividend: bigint, divisor: bigint): bigint => (dividend - mod(dividend, divisor)) / divisor;
const between = (value: bigint, low: bigint, high: bigint): boolean => value >= low && value <= high;

/** Instances of the templates by themselves: what each is said to enforce, on numbers of a few bits. */
export const templateInstances = (): Instance[] => [
  ...rangeChecks(),
  ...shifts(),
  ...comparisons(),
  ...quotients(),
  ...roots(),
  ...polynomials(),
  ...thermometers(),
  ...lanes(),
  ...hashes(),
  ...commitments(),
];

/** 0 ≤ value < 2^bits, or < 2^freeBits behind a gate that is 0. */
function rangeCheck(
  bits: number,
  freeBits: number,
  coefficients: readonly bigint[],
  offset: bigint,
  tries: bigint[][],
): Instance {
  const lowerCount = Math.max(1, bits - 1);
  return templateInstance({
    template: "RangeCheck",
    parameters: `${bits}, ${freeBits}, ${coefficients.length}, [${coefficients.join(", ")}], ${offset}`,
    inputs: [...names("terms", coefficients.length), "gate"],
    outputs: names("lower", lowerCount),
    tries,
    reference(inputs) {
      const gate = inputs[coefficients.length];
      const value = coefficients.reduce((sum, coefficient, index) => sum + coefficient * inputs[index], offset);
      const width = gate === 1n ? bits : freeBits;
      if (!between(value, 0n, (1n << BigInt(width)) - 1n)) return undefined;
      return Array.from({ length: lowerCount }, (_, index) => (bits === 1 ? 0n : bit(value, index)));
    },
  });
}

const rangeChecks = (): Instance[] => [
  rangeCheck(
    1,
    1,
    [1n],
    0n,
    combinations([
      [-2, 3],
      [1, 1],
    ]),
  ),
  rangeCheck(
    2,
    2,
    [3n],
    1n,
    combinations([
      [-2, 3],
      [1, 1],
    ]),
  ),
  rangeCheck(
    3,
    3,
    [1n],
    0n,
    combinations([
      [-3, 17],
      [1, 1],
    ]),
  ),
  rangeCheck(
    4,
    4,
    [1n],
    8n,
    combinations([
      [-12, 17],
      [1, 1],
    ]),
  ),
  rangeCheck(
    3,
    3,
    [2n, -1n],
    2n,
    combinations([
      [-1, 4],
      [-1, 4],
      [1, 1],
    ]),
  ),
  rangeCheck(
    4,
    2,
    [1n],
    0n,
    combinations([
      [-2, 17],
      [0, 1],
    ]),
  ),
  rangeCheck(
    3,
    2,
    [1n, 1n],
    -1n,
    combinations(
      [
        [0, 4],
        [0, 5],
        [0, 1],
      ],
      60,
    ),
  ),
  rangeCheck(
    2,
    1,
    [1n],
    0n,
    combinations([
      [-2, 5],
      [0, 1],
    ]),
  ),
  rangeCheck(252, 252, [1n], 0n, [
    [5n, 1n],
    [(1n << 252n) - 1n, 1n],
    [1n << 252n, 1n],
    [-1n, 1n],
  ]),
];

function shifts(): Instance[] {
  const rounding = (shift: bigint, least: bigint, bits: bigint): Instance => {
    const half = 1n << (shift - 1n);
    const first = (least << shift) - half;
    return templateInstance({
      template: "RoundingShift",
      parameters: `${shift}, ${least}, ${bits}`,
      inputs: ["in"],
      outputs: ["out"],
      tries: combinations([[first - 3n, first + (1n << (shift + bits)) + 2n]]),
      reference([value]) {
        const quotient = (value + half) >> shift;
        return between(quotient, least, least + (1n << bits) - 1n) ? [quotient] : undefined;
      },
    });
  };
  return [
    rounding(1n, 0n, 1n),
    rounding(1n, -2n, 2n),
    rounding(2n, -3n, 3n),
    rounding(3n, 1n, 1n),
    saturating({ shift: 1, bits: 2, least: 0, width: 4, under: 1, above: 1 }),
    saturating({ shift: 0, bits: 2, least: -2, width: 3, under: 1, above: 1 }),
    saturating({ shift: 2, bits: 1, least: 0, width: 3, under: 1, above: 1 }),
    saturating({ shift: 1, bits: 2, least: 0, width: 3, under: 1, above: 0 }),
    saturating({ shift: 1, bits: 1, least: -1, width: 4, under: 1, above: 0 }),
    saturating({ shift: 1, bits: 3, least: 0, width: 2, under: 1, above: 0 }),
    saturating({ shift: 1, bits: 2, least: 0, width: 3, under: 0, above: 1 }),
    saturating({ shift: 0, bits: 1, least: 0, width: 2, under: 0, above: 1 }),
  ];
}

/** clamp(floor((in + round) / 2^shift), least, least + 2^bits − 1); the result is bounded whatever the input. */
function saturating(of: {
  readonly shift: number;
  readonly bits: number;
  readonly least: number;
  readonly width: number;
  readonly under: 0 | 1;
  readonly above: 0 | 1;
}): Instance {
  const [shift, least, span] = [BigInt(of.shift), BigInt(of.least), 1n << BigInt(of.width)];
  const round = of.shift === 0 ? 0n : 1n << (shift - 1n);
  const greatest = least + (1n << BigInt(of.bits)) - 1n;
  const offset = round - (least << shift);
  const limit = 1n << BigInt(of.shift + of.bits);
  const low = of.under === 1 ? -span : 0n;
  const high = of.above === 1 ? limit + span : span < limit ? span : limit;
  return templateInstance({
    template: "SaturatingShift",
    parameters: [of.shift, of.bits, of.least, of.width, of.under, of.above].join(", "),
    inputs: ["in"],
    outputs: ["out"],
    tries: combinations([[low - offset - 2n, high - offset + 1n]], 80),
    reference([value]) {
      if (!between(value + offset, low, high - 1n)) return undefined;
      const quotient = (value + round) >> shift;
      return [quotient < least ? least : quotient > greatest ? greatest : quotient];
    },
    refusals: [least - 1n, greatest + 1n].map((output) => ({ inputs: [undefined], outputs: [output] })),
  });
}

function comparisons(): Instance[] {
  const greater = (width: number, sign: 1 | -1, left: Range, right: Range): Instance =>
    templateInstance({
      template: "Greater",
      parameters: `${width}, ${sign}`,
      inputs: ["left", "right"],
      outputs: ["out"],
      tries: combinations([left, right]),
      reference: ([one, other]) => [(sign === 1 ? one > other : one < other) ? one : other],
    });
  const nonNegative = (width: number): Instance =>
    templateInstance({
      template: "NonNegative",
      parameters: `${width}`,
      inputs: ["in"],
      outputs: ["out"],
      tries: combinations([[-(2 ** width) - 2, 2 ** width + 1]]),
      reference: ([value]) =>
        between(value, BigInt(-(2 ** width)), BigInt(2 ** width - 1)) ? [value >= 0n ? 1n : 0n] : undefined,
    });
  const isZero = (value: number, negated: 0 | 1): Instance =>
    templateInstance({
      template: "IsZero",
      parameters: `${value}, ${negated}`,
      inputs: ["in"],
      outputs: ["out"],
      tries: combinations([[-3, 4]]),
      reference: ([input]) => [BigInt((input === BigInt(value)) !== (negated === 1))],
    });
  return [
    greater(2, 1, [-1, 2], [-1, 2]),
    greater(3, -1, [0, 4], [-3, 3]),
    greater(1, 1, [0, 1], [0, 1]),
    nonNegative(1),
    nonNegative(3),
    isZero(0, 0),
    isZero(2, 1),
    isZero(-1, 0),
  ];
}

/** floor(multiplier · n / d + 1/2) where it lies in [least, least + 2^bits). */
function quotientOf(numerator: bigint, denominator: bigint, least: bigint, bits: number): bigint[] | undefined {
  const quotient = floorDivide(2n * numerator + denominator, 2n * denominator);
  return between(quotient, least, least + (1n << BigInt(bits)) - 1n) ? [quotient] : undefined;
}

function quotients(): Instance[] {
  const fixed = (multiplier: bigint, divisor: bigint, divisorBits: number, least: bigint, bits: number): Instance =>
    templateInstance({
      template: "FixedQuotient",
      parameters: `${multiplier}, ${divisor}, ${divisorBits}, ${least}, ${bits}`,
      inputs: ["numerator"],
      outputs: ["quotient"],
      tries: combinations([[-9, 12]]),
      reference: ([numerator]) => quotientOf(multiplier * numerator, divisor, least, bits),
    });
  const variable = (multiplier: bigint, divisorBits: number, least: bigint, bits: number): Instance =>
    templateInstance({
      template: "VariableQuotient",
      parameters: `${multiplier}, ${divisorBits}, ${least}, ${bits}`,
      inputs: ["numerator", "denominator"],
      outputs: ["quotient"],
      tries: combinations([
        [-7, 9],
        [1, 2 ** divisorBits],
      ]),
      reference: ([numerator, denominator]) => quotientOf(multiplier * numerator, denominator, least, bits),
    });
  return [
    fixed(1n, 3n, 2, -2n, 3),
    fixed(2n, 5n, 3, 0n, 2),
    fixed(1n, 4n, 2, -1n, 2),
    fixed(3n, 2n, 1, -3n, 3),
    variable(1n, 1, -3n, 3),
    variable(2n, 2, -4n, 3),
    variable(1n, 2, 0n, 2),
  ];
}

const roots = (): Instance[] =>
  (
    [
      [1n, 1],
      [1n, 2],
      [3n, 2],
      [1n, 3],
    ] as const
  ).map(([multiplier, bits]) =>
    templateInstance({
      template: "IntegerRoot",
      parameters: `${multiplier}, ${bits}`,
      inputs: ["in"],
      outputs: ["out"],
      tries: combinations([[0n, ((1n << BigInt(2 * bits)) - 1n) / multiplier]], 16),
      reference([value]) {
        let root = 0n;
        while ((root + 1n) * (root + 1n) <= multiplier * value) root++;
        return [root];
      },
    }),
  );

const horner = (coefficients: readonly bigint[], x: bigint): bigint =>
  coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0n);

function polynomials(): Instance[] {
  const block = (low: bigint, babySteps: number, rows: readonly (readonly bigint[])[]): Instance =>
    templateInstance({
      template: "BlockPolynomial",
      parameters: `${low}, ${babySteps}, ${rows.length}, [${rows.map((row) => `[${row.join(", ")}]`).join(", ")}]`,
      inputs: ["in"],
      outputs: ["out"],
      tries: combinations([[-3, 5]]),
      reference: ([value]) => {
        const x = value - low;
        return [rows.reduceRight((sum, row) => sum * x ** BigInt(babySteps) + horner(row, x), 0n)];
      },
    });
  const tree = (low: bigint, babySteps: number, levels: number, scale: bigint): Instance => {
    const rows = Array.from({ length: 2 ** (levels + 1) - 1 }, (_, node) =>
      Array.from({ length: babySteps }, (_unused, power) => BigInt(((node + 2) * (power + 3)) % 7)),
    );
    const nodeAt = (node: number, x: bigint): bigint => {
      const height = levels - Math.floor(Math.log2(node));
      const form = x ** BigInt(babySteps * 2 ** height) + horner(rows[node - 1], x);
      const power = height === 0 ? x ** BigInt(babySteps) + horner(rows[node - 1], x) : form;
      return height === 0 ? power : form * nodeAt(2 * node, x) + nodeAt(2 * node + 1, x);
    };
    const literal = `[${rows.map((row) => `[${row.join(", ")}]`).join(", ")}]`;
    return templateInstance({
      template: "TreePolynomial",
      parameters: `${low}, ${babySteps}, ${levels}, ${scale}, ${literal}`,
      inputs: ["in"],
      outputs: ["out"],
      tries: combinations([[-2, 4]]),
      reference: ([value]) => [scale * nodeAt(1, value - low)],
    });
  };
  return [
    block(0n, 1, [
      [3n, 0n],
      [2n, 0n],
      [1n, 5n],
    ]),
    block(-1n, 2, [
      [3n, 1n, 0n],
      [2n, 7n, 4n],
    ]),
    block(2n, 3, [
      [1n, 2n, 3n, 0n],
      [4n, 5n, 6n, 0n],
      [7n, 8n, 9n, 1n],
    ]),
    block(1n, 1, [[4n, 3n]]),
    tree(0n, 2, 1, 1n),
    tree(-1n, 2, 2, 3n),
    tree(1n, 3, 1, 5n),
  ];
}

function thermometers(): Instance[] {
  const thermometer = (thresholds: readonly number[], width: number, checksUpper: 0 | 1): Instance => {
    const low = thresholds[0] + 1 - 2 ** width;
    const high = thresholds[thresholds.length - 1] + 2 ** width;
    return templateInstance({
      template: "Thermometer",
      parameters: `${thresholds.length}, [${thresholds.join(", ")}], ${width}, ${checksUpper}`,
      inputs: ["in"],
      outputs: names("above", thresholds.length),
      tries: combinations([[low - 3, high + 3]]),
      reference: ([value]) =>
        between(value, BigInt(low), BigInt(high))
          ? thresholds.map((threshold) => BigInt(value > BigInt(threshold)))
          : undefined,
    });
  };
  return [
    thermometer([0], 2, 0),
    thermometer([1, 3, 5], 1, 0),
    thermometer([-1, 2, 4], 2, 1),
    thermometer([0, 1, 2], 0, 0),
    thermometer([2, 3], 2, 1),
  ];
}

function lanes(): Instance[] {
  const lane = (widths: readonly number[], lows: readonly number[]): Instance => {
    const starts = widths.map((_, index) => widths.slice(0, index).reduce((sum, width) => sum + width, 0));
    const digits = combinations(widths.map((width, index): Range => [lows[index], lows[index] + 2 ** width - 1]));
    const wordOf = (values: readonly bigint[]): bigint =>
      values.reduce((sum, value, index) => sum + (value << BigInt(starts[index])), 0n);
    const outputs = new Map(digits.map((values) => [wordOf(values), values]));
    const least = wordOf(lows.map(BigInt));
    const total = starts[widths.length - 1] + widths[widths.length - 1];
    const beyond = [least - 1n, least + (1n << BigInt(total))];
    return templateInstance({
      template: "TreeLanes",
      parameters: `${widths.length}, [${widths.join(", ")}], [${lows.join(", ")}]`,
      inputs: ["in"],
      outputs: names("out", widths.length),
      tries: [...outputs.keys(), ...beyond].map((word) => [word]),
      reference: ([word]) => outputs.get(word),
    });
  };
  return [lane([2, 3], [-1, 0]), lane([1, 2, 2], [0, -3, 5])];
}

const MESSAGES: readonly (readonly bigint[])[] = [2, 3].map((length) =>
  Array.from({ length }, (_, index) => BigInt(index * index + 1)),
);

function hashes(): Instance[] {
  const poseidon = MESSAGES.map((message) =>
    templateInstance({
      template: "Poseidon",
      parameters: `${message.length}`,
      inputs: names("in", message.length),
      outputs: ["hash"],
      tries: [message, message.map((value) => SCALAR_ORDER - value)],
      reference: (values) => [poseidonHash(values)],
    }),
  );
  const messageHash = [2, 4, 17].map((length) => {
    const single = length <= 5;
    const { roundConstants } = poseidonConstants(single ? length + 1 : 17);
    const message = Array.from({ length }, (_, index) => BigInt(3 * index + 1));
    const powers = message.map((value, index) => {
      const constant = roundConstants[single ? index + 1 : 2 + (index % 15)];
      return mod((value + constant) ** 5n);
    });
    return templateInstance({
      template: "MessageHash",
      parameters: `${length}, 0`,
      inputs: names("powers", length),
      outputs: ["commitment"],
      tries: [powers],
      reference: () => [commit(message[0], message.slice(1))],
    });
  });
  return [...poseidon, ...messageHash];
}

function commitments(): Instance[] {
  const input = (shapes: readonly (readonly [length: number, bits: number, signed: boolean])[]): Instance => {
    const codec = shapes.map(([length, bits, signed], index): CodecTensor => ({
      name: `x${index}`,
      shape: [length],
      bits,
      signed,
      scale: 1,
    }));
    const bounds = shapes.flatMap(([length, bits, signed]) => {
      const low = signed ? -(1n << BigInt(bits - 1)) : 0n;
      return Array.from({ length }, () => [low, low + (1n << BigInt(bits)) - 1n] as const);
    });
    const honest = combinations(bounds, 4);
    const outside = bounds.flatMap(([low, high], at) =>
      [low - 1n, high + 1n].map((wrong) => bounds.map(([least], index) => (index === at ? wrong : least))),
    );
    const list = (values: readonly (number | bigint)[]): string => `[${values.join(", ")}]`;
    return templateInstance({
      template: "InputCommitment",
      parameters: [
        shapes.length,
        list(shapes.map(([length]) => length)),
        list(shapes.map(([, bits]) => bits)),
        list(shapes.map(([, , signed]) => Number(signed))),
      ].join(", "),
      inputs: [...names("in", bounds.length), "salt"],
      outputs: ["commitment"],
      tries: [...honest, ...outside].map((values) => [...values, 77n]),
      reference(values) {
        if (bounds.some(([low, high], index) => !between(values[index], low, high))) return undefined;
        let start = 0;
        const tensors = shapes.map(([length]) => values.slice(start, (start += length)));
        return [commitInput(codec, tensors, values[bounds.length])];
      },
    });
  };
  return [
    input([[2, 3, false]]),
    input([
      [1, 2, true],
      [2, 1, false],
    ]),
    input([
      [1, 130, false],
      [1, 130, true],
    ]),
    ...outputWords(),
  ];
}

function outputWords(): Instance[] {
  const words = (lengths: readonly number[], widths: readonly number[], constant?: number): Instance => {
    const codec = lengths.map((length, index): CodecTensor => ({
      name: `y${index}`,
      shape: [length],
      bits: widths[index],
      signed: true,
      scale: 1,
    }));
    const bits = lengths.flatMap((length, tensor) => Array<number>(length).fill(widths[tensor]));
    const offsets = bits.map((width) => 1n << BigInt(width - 1));
    const isVariable = bits.map((_, index) => Number(index !== constant));
    const ranges = bits.map((): Range => [-2, 1]);
    return templateInstance({
      template: "OutputWords",
      parameters: `${lengths.length}, [${lengths.join(", ")}], [${widths.join(", ")}], [${isVariable.join(", ")}], [${offsets.join(", ")}]`,
      inputs: [...names("in", bits.length), "context"],
      outputs: ["commitment"],
      tries: combinations(ranges, 6).map((values, index) => [...values, BigInt(index * 1_000_003 + 5)]),
      reference(values) {
        const stored = bits.map((_, index) => (index === constant ? 0n : values[index]));
        let start = 0;
        const tensors = lengths.map((length) => stored.slice(start, (start += length)));
        return [outputCommitmentOf(packWords(codec, tensors), values[bits.length])];
      },
    });
  };
  return [words([2], [3]), words([2, 1], [200, 60]), words([3], [180], 1)];
}
