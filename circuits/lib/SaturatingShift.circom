// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "RangeCheck.circom";

// out = clamp(floor((in + round) / 2^shift), least, least + 2^bits - 1) with round = 2^(shift-1), or 0 at shift 0, in
// width + 2 constraints, one more where the result can saturate on both sides.
//
// Let t = in + round - least * 2^shift. There are three cases, told by two booleans of which the second is 0 unless
// the first is 1, and one number z in [0, 2^width) whose range check proves the case:
//   not saturated:      z = t, bits of z from shift+bits upward are 0,   so 0 <= t < 2^(shift+bits)
//   saturated, under:   z = t + 2^width,                                 so t < 0
//   saturated, above:   z = t - 2^(shift+bits),                          so t >= 2^(shift+bits)
// Gating the upper bits of z by `saturated` costs nothing: it replaces their booleanity constraint. It also bounds the
// result whatever the input: see the bounds in src/kernels/requantise.ts.
// @input  in  ASSUMED -2^width <= t < 2^(shift+bits) + 2^width; canBeUnder = 0 promises t >= 0 and canBeAbove = 0
//             promises t < 2^(shift+bits) and t < 2^width (all proven from intervals by the model's compiler).
// @output out ENFORCED; least <= out < least + 2^bits for any input.
template SaturatingShift(shift, bits, least, width, canBeUnder, canBeAbove) {
    assert(canBeUnder + canBeAbove >= 1);
    assert(width > shift && width < 252 && shift + bits < 252);
    assert(canBeAbove == 0 || width >= shift + bits);
    signal input in;
    signal output out;

    var round = shift == 0 ? 0 : 1 << (shift - 1);
    var offset = round - least * (1 << shift);
    var limit = 1 << (shift + bits);
    var t = in + offset;

    signal saturatedHint;
    signal underHint;
    saturatedHint <-- t < 0 || t >= limit;
    saturatedHint * (saturatedHint - 1) === 0;
    if (canBeUnder == 0) {
        underHint <== 0;
    } else {
        if (canBeAbove == 0) {
            underHint <== saturatedHint;
        } else {
            underHint <-- t < 0;
            underHint * (underHint - saturatedHint) === 0;
        }
    }

    var underCoefficient = (1 << width) + limit;
    var freeBits = width < shift + bits ? width : shift + bits;
    component z = RangeCheck(width, freeBits, 3, [1, -limit, underCoefficient], offset);
    z.terms <== [in, saturatedHint, underHint];
    z.gate <== saturatedHint;

    // 2^shift * floor(z / 2^shift): z without its low bits.
    var kept = t - limit * saturatedHint + underCoefficient * underHint;
    for (var i = 0; i < shift; i++) {
        kept -= z.lower[i] * (1 << i);
    }
    var clamped = least + (saturatedHint - underHint) * ((1 << bits) - 1);
    signal outHint;
    outHint <-- saturatedHint == 1 ? clamped : (t \ (1 << shift)) + least;
    (1 - saturatedHint) * kept === (1 << shift) * (outHint - clamped);
    out <== outHint;
}
