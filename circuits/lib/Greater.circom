// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "RangeCheck.circom";

// out = the greater of two numbers (sign = 1) or the less (sign = -1), in width + 1 constraints: it is one of the two,
// and the other is not beyond it, out - (left + right - out) having `width` bits up to the sign.
// @input  left, right ASSUMED |left - right| < 2^width (proven from intervals by the model's compiler).
// @output out         ENFORCED.
template Greater(width, sign) {
    assert(sign == 1 || sign == -1);
    signal input left;
    signal input right;
    signal output out;

    signal outHint;
    outHint <-- sign * (left - right) >= 0 ? left : right;
    (outHint - left) * (outHint - right) === 0;
    component difference = RangeCheck(width, width, 3, [2 * sign, -sign, -sign], 0);
    difference.terms <== [outHint, left, right];
    difference.gate <== 1;
    out <== outHint;
}
