// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

// out = scale * node[1], a polynomial in x = in - low of the degree babySteps * (2^(levels+1) - 1), in
// babySteps - 1 + levels + 2^levels - 1 constraints. Node i has the children 2i and 2i+1; the leaves, nodes 2^levels
// and up, are
//     x^babySteps + sum over j < babySteps of rows[i-1][j] * x^j,
// and a node at height h above them is
//     (x^(babySteps * 2^h) + sum over j < babySteps of rows[i-1][j] * x^j) * node[2i] + node[2i+1].
// src/kernels/interpolate.ts says why every polynomial has this form (Paterson and Stockmeyer 1973).
// @input  in  any field element.
// @output out ENFORCED.
template TreePolynomial(low, babySteps, levels, scale, rows) {
    assert(babySteps >= 2 && levels >= 1);
    var leaves = 2 ** levels;
    signal input in;
    signal output out;

    // Powers 0 and 1 stay expressions.
    var powers[babySteps + 1];
    powers[0] = 1;
    powers[1] = in - low;
    signal power[babySteps - 1];
    for (var j = 2; j <= babySteps; j++) {
        power[j - 2] <== powers[j - 1] * powers[1];
        powers[j] = power[j - 2];
    }
    signal giantPower[levels];
    var giant = powers[babySteps];
    for (var h = 0; h < levels; h++) {
        giantPower[h] <== giant * giant;
        giant = giantPower[h];
    }

    var values[2 * leaves];
    signal node[leaves];
    for (var i = 2 * leaves - 1; i >= 1; i--) {
        // In chunks: a running sum copies its terms at every step.
        var form = 0;
        for (var start = 0; start < babySteps; start += 16) {
            var chunk = 0;
            for (var j = start; j < start + 16 && j < babySteps; j++) {
                chunk += rows[i - 1][j] * powers[j];
            }
            form += chunk;
        }
        if (i >= leaves) {
            values[i] = powers[babySteps] + form;
        } else {
            var height = 0;
            for (var first = i; first < leaves; first *= 2) {
                height++;
            }
            var factor = i == 1 ? scale : 1;
            node[i] <== (factor * (giantPower[height - 1] + form)) * values[2 * i] + factor * values[2 * i + 1];
            values[i] = node[i];
        }
    }
    node[0] <== 0;
    out <== node[1];
}
