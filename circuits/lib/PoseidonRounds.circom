// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "PoseidonConstants3.circom";
include "PoseidonConstants4.circom";
include "PoseidonConstants5.circom";
include "PoseidonConstants6.circom";
include "PoseidonConstants17.circom";

function poseidonRoundConstants(width) {
    if (width == 3) { return poseidonRoundConstants3(); }
    if (width == 4) { return poseidonRoundConstants4(); }
    if (width == 5) { return poseidonRoundConstants5(); }
    if (width == 6) { return poseidonRoundConstants6(); }
    return poseidonRoundConstants17();
}

function poseidonMatrix(width) {
    if (width == 3) { return poseidonMatrix3(); }
    if (width == 4) { return poseidonMatrix4(); }
    if (width == 5) { return poseidonMatrix5(); }
    if (width == 6) { return poseidonMatrix6(); }
    return poseidonMatrix17();
}

function poseidonPartialRounds(width) {
    if (width == 3) { return 57; }
    if (width == 4) { return 56; }
    if (width == 17) { return 68; }
    return 60;
}

// The length of poseidonRoundConstants(width).
function poseidonConstantCount(width) {
    return (8 + poseidonPartialRounds(width)) * width;
}

// Everything in Poseidon after the first round's S-boxes. A caller computes those itself, so that a message element may
// be a linear combination and needs no signal of its own. The linear layers live in `var`: the only signals are the
// square, fourth and fifth power of an S-box. The last row of the last layer makes the S-box of element 0 and the hash
// one constraint.
// @input  powers ASSUMED (state[i] + first round constant i)^5; the caller constrains them.
// @output hash   ENFORCED element 0 of the permuted state.
template PoseidonRounds(width) {
    assert(width == 3 || width == 4 || width == 5 || width == 6 || width == 17);
    signal input powers[width];
    signal output hash;

    var fullRounds = 8;
    var partialRounds = poseidonPartialRounds(width);
    var rounds = fullRounds + partialRounds;
    var constants[poseidonConstantCount(width)] = poseidonRoundConstants(width);
    var matrix[width][width] = poseidonMatrix(width);
    var sboxCount = (fullRounds - 1) * width + partialRounds;
    signal squares[sboxCount];
    signal fourths[sboxCount];
    signal fifths[sboxCount - 1];

    var state[width];
    for (var i = 0; i < width; i++) {
        state[i] = powers[i];
    }
    var sbox = 0;
    for (var round = 1; round < rounds; round++) {
        var mixed[width];
        for (var i = 0; i < width; i++) {
            mixed[i] = constants[round * width + i];
            for (var j = 0; j < width; j++) {
                mixed[i] += matrix[i][j] * state[j];
            }
        }
        var isFull = round < fullRounds / 2 || round >= fullRounds / 2 + partialRounds;
        for (var i = width - 1; i >= 0; i--) {
            if (isFull || i == 0) {
                squares[sbox] <== mixed[i] * mixed[i];
                fourths[sbox] <== squares[sbox] * squares[sbox];
                if (sbox < sboxCount - 1) {
                    fifths[sbox] <== fourths[sbox] * mixed[i];
                    state[i] = fifths[sbox];
                } else {
                    var others = 0;
                    for (var j = 1; j < width; j++) {
                        others += matrix[0][j] * state[j];
                    }
                    hash <== (matrix[0][0] * fourths[sbox]) * mixed[i] + others;
                }
                sbox++;
            } else {
                state[i] = mixed[i];
            }
        }
    }
}
