// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

// Sums with constant weights. Windows and filters fall into `groups` equal parts of windowCount and filterCount each;
// windows list elements of the input, -1 standing for a zero:
//
//     out[(g * filterCount + f) * windowCount + w] =
//         bias[g * filterCount + f] +
//         sum over k of weights[g * filterCount + f][parts[k]] * in[windows[g * windowCount + w][k]]
//
// Taps that have one weight in each filter, as those that an average pool feeds, make a part: they are added up once a
// window. parts[k] is the part of tap k; weights are given a part. Parts are added in a balanced tree: a running sum copies
// its terms at every step, and the compiler's time grows with the square of the terms.
//
// exponents[j] = -1: out[j] has a linear constraint of its own, none where it is a copy or a constant. Otherwise it
// shares one with its neighbours: sum of 2^exponents[j] * (out[j] - sum[j]) === 0 over a run that begins at exponent 0
// and ends before the next 0. Both sides of each difference are bounded integers, for every witness that satisfies all
// constraints but these shared ones: |out[j] - sum[j]| < 2^(exponents[j + 1] - exponents[j]), and all of a run together
// stay below half the field's order. So a shared constraint holds only where each difference is 0 (ADR-0005).
// @input  in  ASSUMED bounded such that no sum reaches 2^252, and as above for shared constraints (the compiler of the
//             model proves both).
// @output out ENFORCED.
template Linear(inCount, groups, windowCount, filterCount, tapCount, partCount, windows, parts, weights, bias, exponents) {
    signal input in[inCount];
    signal output out[groups * filterCount * windowCount];

    var partSums[groups * windowCount][partCount];
    for (var w = 0; w < groups * windowCount; w++) {
        for (var k = 0; k < tapCount; k++) {
            if (windows[w][k] != -1) {
                partSums[w][parts[k]] += in[windows[w][k]];
            }
        }
    }

    signal sumHint[groups * filterCount * windowCount];
    var shared = 0;
    var isShared = 0;
    for (var row = 0; row < groups * filterCount; row++) {
        // Divisions cost the witness more than sums do: once a filter.
        var firstWindow = (row \ filterCount) * windowCount;
        for (var w = 0; w < windowCount; w++) {
            var tree[partCount];
            for (var part = 0; part < partCount; part++) {
                if (weights[row][part] == 0) {
                    tree[part] = 0;
                } else {
                    tree[part] = weights[row][part] * partSums[firstWindow + w][part];
                }
            }
            for (var step = 1; step < partCount; step *= 2) {
                for (var part = 0; part + step < partCount; part += 2 * step) {
                    tree[part] += tree[part + step];
                }
            }
            var sum = bias[row] + tree[0];

            var j = row * windowCount + w;
            sumHint[j] <-- sum;
            out[j] <== sumHint[j];
            if (exponents[j] == -1) {
                sumHint[j] === sum;
            } else {
                if (exponents[j] == 0) {
                    if (isShared == 1) {
                        shared === 0;
                    }
                    shared = 0;
                    isShared = 1;
                }
                shared += (1 << exponents[j]) * (sumHint[j] - sum);
            }
        }
    }
    if (isShared == 1) {
        shared === 0;
    }
}
