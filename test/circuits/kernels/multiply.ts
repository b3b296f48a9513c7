import { expect } from "chai";
import { SCALAR_ORDER } from "../../../src/field.ts";
import { InputError } from "../../../src/errors.ts";
import type { MultiplyNode } from "../../../src/ir/integerGraph.ts";
import { FIELD } from "../../../src/kernels/kernel.ts";
import { multiply } from "../../../src/kernels/multiply.ts";
import { defining, describeForgeries } from "../../fixtures/circuits/forgeries.ts";
import {
  boundsWithin,
  drawInterval,
  expectAgreement,
  knowing,
  sampled,
} from "../../fixtures/circuits/kernelProperties.ts";

const node = (left = "x", right = "y"): MultiplyNode => ({ kernel: "Multiply", name: "p", output: "p", left, right });

describe("products", () => {
  it("are those of the reference, for the predicted constraints", () =>
    sampled(4, async (draw) => {
      const operands = [1, 2].map(() => drawInterval(draw, 24, boundsWithin(125)));
      await expectAgreement(draw, multiply, node(), operands);
      await expectAgreement(draw, multiply, node("x", "x"), [operands[0], operands[0]]);
    }));

  it("cost one constraint, and none where a factor is 0 or 1", () => {
    const [left, right] = [
      { low: [-8n, 0n, 1n, 3n, 5n], high: [7n, 0n, 1n, 3n, 5n] },
      { low: [-8n, -8n, -8n, -8n, 6n], high: [7n, 7n, 7n, 7n, 6n] },
    ];
    const guarantees = knowing([left, right], left);
    expect(multiply.cost(node(), [left, right], guarantees)).to.deep.equal({ nonlinear: 1, linear: 1 });
  });

  it("are bounded like their factors, and not at all where that reaches around the field", () => {
    const bounded = (low: bigint, high: bigint) => {
      const proven = { low: [-3n], high: [4n] };
      return multiply.boundResult(node(), [proven, proven], [{ low: [low], high: [high] }, proven], proven);
    };
    expect(bounded(-5n, 6n)).to.deep.equal({ low: [-20n], high: [24n] });
    expect(bounded(-FIELD, FIELD)).to.deep.equal({ low: [-FIELD], high: [FIELD] });
    const square = { low: [-5n, 2n], high: [3n, 4n] };
    expect(multiply.interval(node("x", "x"), [square, square])).to.deep.equal({ low: [0n, 4n], high: [25n, 16n] });
  });

  it("want as many factors on both sides", () => {
    const [one, two] = [
      { low: [0n], high: [1n] },
      { low: [0n, 0n], high: [1n, 1n] },
    ];
    expect(() => multiply.interval(node(), [one, two])).to.throw(InputError, "kernel p (Multiply): got 1 and 2");
    expect(() => multiply.reference(node(), [[1n], [1n, 2n]])).to.throw(InputError);
  });
});

describeForgeries(
  "Multiply",
  {
    includes: ["Multiply.circom"],
    body: `
      signal input left[2];
      signal input right[2];
      component product = Multiply(2, [[1, 0], [2, 3]]);
      product.left <== left;
      product.right <== right;
      signal output out[2] <== product.out;`,
    honest: { left: [-3n, 3n], right: [5n, 7n] },
  },
  {
    "another product": { edits: { "out[0]": -14n }, guard: defining("out[0]") },
    "the product without its sign": { edits: { "out[0]": 15n }, guard: defining("out[0]") },
    "the product modulo another number": { edits: { "out[0]": SCALAR_ORDER - 16n }, guard: defining("out[0]") },
    "another multiple": { edits: { "out[1]": 20n }, guard: defining("out[1]") },
  },
);
