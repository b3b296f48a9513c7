// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

// out[i] = leftFactor * left[i] + rightFactor * right[i], one linear constraint an element.
// @input  left, right ASSUMED bounded such that no sum reaches 2^252.
// @output out         ENFORCED.
template Add(count, leftFactor, rightFactor) {
    signal input left[count];
    signal input right[count];
    signal output out[count];

    for (var i = 0; i < count; i++) {
        out[i] <== leftFactor * left[i] + rightFactor * right[i];
    }
}
