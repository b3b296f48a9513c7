// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "PoseidonRounds.circom";

// Poseidon of 2 to 5 or 16 field elements, capacity element 0 first, output element 0.
// @input  in   any field elements.
// @output hash ENFORCED Poseidon(in).
template Poseidon(inputCount) {
    signal input in[inputCount];
    signal output hash;

    var width = inputCount + 1;
    var constants[poseidonConstantCount(width)] = poseidonRoundConstants(width);
    signal squares[inputCount];
    signal fourths[inputCount];
    component rounds = PoseidonRounds(width);
    rounds.powers[0] <== constants[0] ** 5;
    for (var i = 0; i < inputCount; i++) {
        var element = in[i] + constants[i + 1];
        squares[i] <== element * element;
        fourths[i] <== squares[i] * squares[i];
        rounds.powers[i + 1] <== fourths[i] * element;
    }
    hash <== rounds.hash;
}
