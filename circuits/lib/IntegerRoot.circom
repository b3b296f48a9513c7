// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "RangeCheck.circom";

// out = floor(sqrt(multiplier * in)) in 2 * bits + 2 constraints: out is the one number y with 0 <= u <= 2y for
// u = multiplier * in - y^2. u has bits + 1 bits, and what ceil(u / 2) leaves of y has `bits`. So y is a sum of numbers
// below 2^bits, 2^bits and 2, and needs no range check of its own: y < 2^(bits+1), and y^2 cannot wrap around the field.
// @input  in  ASSUMED 0 <= multiplier * in < 2^(2 * bits) (proven from intervals by the model's compiler).
// @output out ENFORCED.
template IntegerRoot(multiplier, bits) {
    assert(bits >= 1 && 2 * bits + 2 <= 252);
    signal input in;
    signal output out;

    var guess = 0;
    for (var i = bits - 1; i >= 0; i--) {
        var next = guess + 2 ** i;
        if (next * next <= multiplier * in) {
            guess = next;
        }
    }
    signal rootHint;
    rootHint <-- guess;
    signal square;
    square <== rootHint * rootHint;

    component rest = RangeCheck(bits + 1, bits + 1, 2, [multiplier, -1], 0);
    rest.terms <== [in, square];
    rest.gate <== 1;
    // root - ceil(rest / 2), where ceil(rest / 2) = (rest + lowest bit) / 2
    component complement = RangeCheck(bits, bits, 4, [1, -multiplier / 2, 1 / 2, -1 / 2], 0);
    complement.terms <== [rootHint, in, square, rest.lower[0]];
    complement.gate <== 1;
    out <== rootHint;
}
