// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

// Proves 0 <= value < 2^bits for value = offset + sum of coefficients[i] * terms[i], in `bits` constraints: there is
// no signal for the top bit and no recomposition. What the lower bits leave of the value is constrained to be 0 or
// 2^(bits-1), so the value is congruent to a sum of bits below 2^bits. That sum is the value itself, not an alias
// modulo the field order r, because the caller knows an integer v congruent to the value with 2^bits - r <= v < r.
// Powers of two are written as shifts: the witness program raises to a power with a field multiplication a bit of 254.
// Bits from `freeBits` upward are 0 or `gate`: where the gate is 0, the value is below 2^freeBits.
// @input  terms ASSUMED such that the value stands for an integer v as above.
// @input  gate  ASSUMED 0 or 1; not read when freeBits = bits.
// @output lower ENFORCED bits 0 to bits-2 of the value (the constant 0 where there are none: circom cannot place an
//               empty array among different instances of a template).
template RangeCheck(bits, freeBits, termCount, coefficients, offset) {
    assert(bits >= 1 && bits <= 252);
    assert(freeBits >= 1 && freeBits <= bits);
    signal input terms[termCount];
    signal input gate;
    signal output lower[bits == 1 ? 1 : bits - 1];

    var value = offset;
    for (var i = 0; i < termCount; i++) {
        value += coefficients[i] * terms[i];
    }
    signal bitHint[bits == 1 ? 1 : bits - 1];
    var rest = value;
    for (var i = 0; i < bits - 1; i++) {
        bitHint[i] <-- (value >> i) & 1;
        if (i < freeBits) {
            bitHint[i] * (bitHint[i] - 1) === 0;
        } else {
            bitHint[i] * (bitHint[i] - gate) === 0;
        }
        rest -= bitHint[i] * (1 << i);
        lower[i] <== bitHint[i];
    }
    if (bits == 1) {
        bitHint[0] <== 0;
        lower[0] <== bitHint[0];
    }
    if (bits == freeBits) {
        rest * (rest - (1 << (bits - 1))) === 0;
    } else {
        rest * (rest - (1 << (bits - 1)) * gate) === 0;
    }
}
