// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "RangeCheck.circom";

// The scores that were summed in lanes of one number: in = sum of out[k] * 2^(widths[0] + ... + widths[k-1]). With the
// lows taken away, both sides are numbers below 2^252 of which the lanes are digits, so there is one solution.
// ASSUMED of the parameters: the widths sum to at most 252.
// @input  in  ASSUMED such a sum of some lows[k] <= out[k] < lows[k] + 2^widths[k] (a property of the trees, whichever
//             leaves are taken).
// @output out ENFORCED.
template TreeLanes(count, widths, lows) {
    signal input in;
    signal output out[count];

    var total = 0;
    var least = 0;
    for (var k = 0; k < count; k++) {
        least += lows[k] * 2 ** total;
        total += widths[k];
    }

    signal outHint[count];
    component checks[count];
    var sum = 0;
    var start = 0;
    for (var k = 0; k < count; k++) {
        outHint[k] <-- (((in - least) >> start) & (2 ** widths[k] - 1)) + lows[k];
        checks[k] = RangeCheck(widths[k], widths[k], 1, [1], -lows[k]);
        checks[k].terms <== [outHint[k]];
        checks[k].gate <== 1;
        out[k] <== outHint[k];
        sum += outHint[k] * 2 ** start;
        start += widths[k];
    }
    sum === in;
}
