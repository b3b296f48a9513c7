// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "RangeCheck.circom";

// quotient = floor(multiplier * numerator / divisor + 1/2), in 2 * divisorBits + quotientBits constraints, or divisorBits
// fewer where the divisor is 2^divisorBits. With half = floor(divisor / 2), the quotient is that of
// multiplier * numerator + half by the divisor, rounded down: where the divisor is odd, half lacks 1/2, which decides
// nothing because the rest is whole. The remainder is bounded on both sides, and so is the quotient.
// @input  numerator ASSUMED such that the quotient is at least `least` and, where quotientBits > 0, below
//                   least + 2^quotientBits, and that no side of the division wraps around the field (proven from
//                   intervals by the model's compiler).
// @output quotient  ENFORCED; where quotientBits = 0, ASSUMED bounded by those who read it.
template FixedQuotient(multiplier, divisor, divisorBits, least, quotientBits) {
    assert(divisor >= 2 && divisor > 2 ** (divisorBits - 1) && divisor <= 2 ** divisorBits);
    signal input numerator;
    signal output quotient;

    var half = divisor \ 2;
    // Starts at the least quotient: `\` knows no negative numbers.
    signal quotientHint;
    quotientHint <-- (multiplier * numerator + half - least * divisor) \ divisor + least;
    component remainder = RangeCheck(divisorBits, divisorBits, 2, [multiplier, -divisor], half);
    remainder.terms <== [numerator, quotientHint];
    remainder.gate <== 1;
    component complement;
    if (divisor != 2 ** divisorBits) {
        complement = RangeCheck(divisorBits, divisorBits, 2, [-multiplier, divisor], divisor - 1 - half);
        complement.terms <== [numerator, quotientHint];
        complement.gate <== 1;
    }
    component range;
    if (quotientBits > 0) {
        range = RangeCheck(quotientBits, quotientBits, 1, [1], -least);
        range.terms <== [quotientHint];
        range.gate <== 1;
    }
    quotient <== quotientHint;
}
