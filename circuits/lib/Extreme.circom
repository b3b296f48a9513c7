// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "Greater.circom";

// out[w] = node results[w], where nodes are the elements of `in`, then the constants, then one for each pair: the
// greater of two earlier nodes (sign = 1) or the less (sign = -1); pairs[p] = [left, right, width], width + 1 constraints.
// Elements that can never be the extreme of their window stand in no pair.
// @input  in  ASSUMED inside the intervals that the pairs were made for (proven by the model's compiler).
// @output out ENFORCED.
template Extreme(count, constantCount, constants, pairCount, pairs, resultCount, results, sign) {
    signal input in[count];
    signal output out[resultCount];

    var first = count + constantCount;
    signal node[first + pairCount];
    for (var i = 0; i < count; i++) {
        node[i] <== in[i];
    }
    for (var i = 0; i < constantCount; i++) {
        node[count + i] <== constants[i];
    }
    component greater[pairCount];
    for (var p = 0; p < pairCount; p++) {
        greater[p] = Greater(pairs[p][2], sign);
        greater[p].left <== node[pairs[p][0]];
        greater[p].right <== node[pairs[p][1]];
        node[first + p] <== greater[p].out;
    }
    for (var w = 0; w < resultCount; w++) {
        out[w] <== node[results[w]];
    }
}
