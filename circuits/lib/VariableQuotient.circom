// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "RangeCheck.circom";

// quotient = floor((2 * multiplier * numerator + d) / (2 * d)), d the denominator, in
// 2 * denominatorBits + 2 + quotientBits constraints. The remainder u = 2 * multiplier * numerator + d - 2 * d * quotient
// must lie in [0, 2d - 1]: it has denominatorBits + 1 bits, and floor(u / 2), the same bits without the lowest, is at
// most d - 1. The quotient is bounded as well: else every u has one modulo the field's order.
// @input  numerator, denominator ASSUMED such that 1 <= d <= 2^denominatorBits, that the quotient is at least `least` and,
//                                where quotientBits > 0, below least + 2^quotientBits, and that no side of the division
//                                wraps around the field (proven from intervals by the model's compiler).
// @output quotient               ENFORCED; where quotientBits = 0, ASSUMED bounded by those who read it.
template VariableQuotient(multiplier, denominatorBits, least, quotientBits) {
    assert(denominatorBits >= 1);
    signal input numerator;
    signal input denominator;
    signal output quotient;

    // Starts at the least quotient: `\` knows no negative numbers.
    var divisor = 2 * denominator;
    signal quotientHint;
    quotientHint <-- (2 * multiplier * numerator + denominator - least * divisor) \ divisor + least;
    signal product;
    product <== denominator * quotientHint;

    component remainder = RangeCheck(denominatorBits + 1, denominatorBits + 1, 3, [2 * multiplier, 1, -2], 0);
    remainder.terms <== [numerator, denominator, product];
    remainder.gate <== 1;
    // denominator - 1 - (remainder - lowest bit) / 2
    component complement = RangeCheck(denominatorBits, denominatorBits, 4, [-multiplier, 1 / 2, 1, 1 / 2], -1);
    complement.terms <== [numerator, denominator, product, remainder.lower[0]];
    complement.gate <== 1;
    component range;
    if (quotientBits > 0) {
        range = RangeCheck(quotientBits, quotientBits, 1, [1], -least);
        range.terms <== [quotientHint];
        range.gate <== 1;
    }
    quotient <== quotientHint;
}
