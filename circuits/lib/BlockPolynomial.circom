// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

// out = the sum over b of x^(b * babySteps) * (sum over j <= babySteps of rows[b][j] * x^j), x = in - low, in
// babySteps - 1 + blocks - 1 constraints: powers of x first, then Horner's scheme over the blocks (Paterson and
// Stockmeyer 1973). A single block takes one linear constraint, or none where it is `in` itself.
// @input  in  any field element.
// @output out ENFORCED.
template BlockPolynomial(low, babySteps, blocks, rows) {
    assert(babySteps >= 1 && blocks >= 1);
    assert(blocks > 1 || babySteps == 1);
    signal input in;
    signal output out;

    // Powers 0 and 1 stay expressions. A signal array has at least one element: circom cannot place an empty one among
    // different instances of a template.
    var powers[babySteps + 1];
    powers[0] = 1;
    powers[1] = in - low;
    signal power[babySteps + 1];
    for (var j = 2; j <= babySteps; j++) {
        power[j] <== powers[j - 1] * powers[1];
        powers[j] = power[j];
    }
    power[0] <== 0;
    power[1] <== 0;

    // The highest block stays an expression too.
    signal sums[blocks];
    sums[blocks - 1] <== 0;
    var sum = 0;
    for (var j = 0; j <= babySteps; j++) {
        sum += rows[blocks - 1][j] * powers[j];
    }
    for (var b = blocks - 2; b >= 0; b--) {
        var block = 0;
        for (var j = 0; j < babySteps; j++) {
            block += rows[b][j] * powers[j];
        }
        sums[b] <== sum * powers[babySteps] + block;
        sum = sums[b];
    }
    out <== sum;
}
