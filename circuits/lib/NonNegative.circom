// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "RangeCheck.circom";

// out = 1 where in >= 0, else 0, in width + 1 constraints: in + 2^width * (1 - out) takes `width` bits, so that
// 0 <= in < 2^width where out is 1 and -2^width <= in < 0 where it is 0.
// @input  in  ASSUMED -2^width <= in < 2^width (proven from intervals by the model's compiler).
// @output out ENFORCED.
template NonNegative(width) {
    signal input in;
    signal output out;

    signal signHint;
    signHint <-- in >= 0;
    signHint * (signHint - 1) === 0;
    component magnitude = RangeCheck(width, width, 2, [1, -(2 ** width)], 2 ** width);
    magnitude.terms <== [in, signHint];
    magnitude.gate <== 1;
    out <== signHint;
}
