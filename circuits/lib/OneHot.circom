// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

// out[i * size + j] = 1 where in[i] = j, else 0. in[i] can be ranges[i] = [low, high], both included, and nothing else:
//   one value    constants
//   two values   linear in in[i]
//   more         one constraint each, (in - j) * out = 0, which leaves at most one indicator that is not 0, and one
//                linear constraint, their sum being 1
// @input  in  ASSUMED inside the ranges, which lie in 0 to size - 1 (proven from intervals by the model's compiler).
// @output out ENFORCED.
template OneHot(count, size, ranges) {
    signal input in[count];
    signal output out[count * size];

    signal indicatorHint[count * size];
    for (var i = 0; i < count; i++) {
        var low = ranges[i][0];
        var high = ranges[i][1];
        var sum = 0;
        for (var start = 0; start < size; start += 16) {
            // In chunks: a running sum copies its terms at every step.
            var chunk = 0;
            for (var j = start; j < start + 16 && j < size; j++) {
                var at = i * size + j;
                // Every branch ends in a constraint on the indicator: an unassigned one would be anybody's choice.
                if (j < low || j > high) {
                    indicatorHint[at] <== 0;
                } else {
                    if (low == high) {
                        indicatorHint[at] <== 1;
                    } else {
                        if (high == low + 1) {
                            indicatorHint[at] <== j == high ? in[i] - low : high - in[i];
                        } else {
                            indicatorHint[at] <-- in[i] == j;
                            (in[i] - j) * indicatorHint[at] === 0;
                            chunk += indicatorHint[at];
                        }
                    }
                }
                out[at] <== indicatorHint[at];
            }
            sum += chunk;
        }
        if (high > low + 1) {
            sum === 1;
        }
    }
}
