// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

// out[i] = in[indices[i]], free of constraints: the compiler merges equal signals.
// @input  in  any field elements.
// @output out ENFORCED.
template Arrange(inCount, outCount, indices) {
    signal input in[inCount];
    signal output out[outCount];

    for (var i = 0; i < outCount; i++) {
        out[i] <== in[indices[i]];
    }
}
