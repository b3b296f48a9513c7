// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "RangeCheck.circom";

// out = floor((in + 2^(shift-1)) / 2^shift) where the result is known to lie in [least, least + 2^quotientBits), in
// shift + quotientBits constraints. The result is the quotient of a division whose remainder and quotient are both
// bounded; there is one such pair, since both sides of the division differ by less than the field's order.
// @input  in  ASSUMED |in| < 2^252 and the result in the range above (proven from intervals by the model's compiler).
// @output out ENFORCED.
template RoundingShift(shift, least, quotientBits) {
    assert(shift >= 1 && shift + quotientBits <= 252);
    signal input in;
    signal output out;

    var half = 1 << (shift - 1);
    // The smallest numerator, taken away for the hint alone: `\` knows no negative numbers.
    var start = least * (1 << shift);
    signal quotientHint;
    quotientHint <-- (in + half - start) \ (1 << shift) + least;
    component remainder = RangeCheck(shift, shift, 2, [1, -(1 << shift)], half);
    remainder.terms <== [in, quotientHint];
    remainder.gate <== 1;
    component quotient = RangeCheck(quotientBits, quotientBits, 1, [1], -least);
    quotient.terms <== [quotientHint];
    quotient.gate <== 1;
    out <== quotientHint;
}
