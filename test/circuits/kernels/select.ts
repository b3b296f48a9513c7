import { expect } from "chai";
import fc from "fast-check";
import { InputError } from "../../../src/errors.ts";
import type { SelectNode } from "../../../src/ir/integerGraph.ts";
import { FIELD } from "../../../src/kernels/kernel.ts";
import { select } from "../../../src/kernels/select.ts";
import { defining, describeForgeries } from "../../fixtures/circuits/forgeries.ts";
import {
  boundsWithin,
  drawInterval,
  expectAgreement,
  knowing,
  sampled,
} from "../../fixtures/circuits/kernelProperties.ts";

const node = (whenTrue = "x", whenFalse = "y"): SelectNode => ({
  kernel: "Select",
  name: "s",
  output: "s",
  condition: "c",
  whenTrue,
  whenFalse,
});
const CONDITION = fc.constantFrom<[bigint, bigint]>([0n, 1n], [0n, 1n], [0n, 1n], [0n, 0n], [1n, 1n]);

describe("choices", () => {
  it("are those of the reference, for the predicted constraints", () =>
    sampled(4, async (draw) => {
      const condition = drawInterval(draw, 32, CONDITION);
      const [left, right] = [1, 2].map(() => drawInterval(draw, 32, boundsWithin(250)));
      await expectAgreement(draw, select, node(), [condition, left, right]);
      await expectAgreement(draw, select, node("x", "x"), [condition, left, left]);
    }));

  it("cost one constraint, and none where they are the condition itself", () => {
    const operands = [
      { low: [0n, 0n, 0n, 1n], high: [1n, 1n, 1n, 1n] },
      { low: [-8n, 1n, 5n, -8n], high: [7n, 1n, 5n, 7n] },
      { low: [-8n, 0n, 3n, -8n], high: [7n, 0n, 3n, 7n] },
    ];
    const cost = select.cost(node(), operands, knowing(operands, operands[1]));
    expect(cost).to.deep.equal({ nonlinear: 1, linear: 1 });
  });

  it("are bounded by both choices where the condition is sure to be 0 or 1", () => {
    const proven = [
      { low: [0n], high: [1n] },
      { low: [-3n], high: [4n] },
      { low: [10n], high: [20n] },
    ];
    const bounded = (low: bigint, high: bigint) =>
      select.boundResult(node(), proven, [{ low: [low], high: [high] }, proven[1], proven[2]], proven[1]);
    expect(bounded(0n, 1n)).to.deep.equal({ low: [-3n], high: [20n] });
    // 2 · (−3) − 20 to 2 · 4 + 20: a condition of 2 takes both.
    expect(bounded(0n, 2n)).to.deep.equal({ low: [-26n], high: [28n] });
    expect(bounded(-FIELD, FIELD)).to.deep.equal({ low: [-FIELD], high: [FIELD] });
  });

  it("want a condition of 0 or 1 and equal counts", () => {
    const one = { low: [0n], high: [1n] };
    const two = { low: [0n, 0n], high: [1n, 1n] };
    expect(() => select.interval(node(), [{ low: [0n], high: [2n] }, one, one])).to.throw(
      InputError,
      "kernel s (Select): condition 0 spans 0 to 2, want 0 to 1",
    );
    expect(() => select.interval(node(), [{ low: [-1n], high: [1n] }, one, one])).to.throw(InputError);
    expect(() => select.interval(node(), [one, two, one])).to.throw(InputError, "got 1, 2, 1 elements");
    expect(() => select.reference(node(), [[1n], [1n], []])).to.throw(InputError);
  });
});

describeForgeries(
  "Select",
  {
    includes: ["Select.circom"],
    body: `
      signal input condition[2];
      signal input whenTrue[2];
      signal input whenFalse[2];
      component choice = Select(2, [[1, 0, 0], [4, 3, 2]]);
      choice.condition <== condition;
      choice.whenTrue <== whenTrue;
      choice.whenFalse <== whenFalse;
      signal output out[2] <== choice.out;`,
    honest: { condition: [1n, 0n], whenTrue: [7n, 5n], whenFalse: [-2n, 3n] },
  },
  {
    "the choice that was not taken": { edits: { "out[0]": -2n }, guard: defining("out[0]") },
    "a number between the choices": { edits: { "out[0]": 3n }, guard: defining("out[0]") },
    "the other constant": { edits: { "out[1]": 5n }, guard: defining("out[1]") },
  },
);
