// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "RangeCheck.circom";

// above[j] = 1 where in > thresholds[j], else 0, for ascending thresholds: `count` constraints and one or two range
// checks of `width` bits for all of them together.
//
// Every link of the chain 1 >= above[0] >= above[1] >= ... >= 0 is one constraint, and the last makes all of them
// booleans. So they name one of count + 1 bins: bin 0 up to and with thresholds[0], bin j from thresholds[j-1] + 1 to
// thresholds[j], the last above all thresholds. in - lower, the least number of the bin being linear in `above`, lies
// in [0, 2^width), which proves the bin from below; the first bin is taken as 2^width wide for it. That proves it from
// above too where every bin between two thresholds is just 2^width wide. Else upper - in does, likewise.
// @input  in    ASSUMED such that every bin that it can be in holds at most 2^width of its values (proven from intervals
//               by the model's compiler); ENFORCED within 2^width of the thresholds at either end.
// @output above ENFORCED.
template Thermometer(count, thresholds, width, checksUpper) {
    assert(count >= 1 && width >= 0 && width <= 252);
    for (var j = 1; j < count; j++) {
        assert(thresholds[j - 1] < thresholds[j]);
        assert(checksUpper == 1 || thresholds[j] - thresholds[j - 1] == 2 ** width);
    }
    signal input in;
    signal output above[count];

    signal aboveHint[count];
    for (var j = 0; j < count; j++) {
        aboveHint[j] <-- in > thresholds[j];
    }
    for (var j = 1; j < count; j++) {
        (aboveHint[j - 1] - aboveHint[j]) * (1 - aboveHint[j - 1]) === 0;
    }
    aboveHint[count - 1] * (1 - aboveHint[count - 1]) === 0;
    for (var j = 0; j < count; j++) {
        above[j] <== aboveHint[j];
    }

    // in - lower and upper - in by the coefficients of in, above[0], above[1], ...
    var aboveLower[count + 1];
    var belowUpper[count + 1];
    aboveLower[0] = 1;
    aboveLower[1] = -(2 ** width);
    belowUpper[0] = -1;
    belowUpper[count] = 2 ** width;
    for (var j = 1; j < count; j++) {
        aboveLower[j + 1] = thresholds[j - 1] - thresholds[j];
        belowUpper[j] = thresholds[j] - thresholds[j - 1];
    }
    var lowest = thresholds[0] + 1 - 2 ** width;

    component lowerCheck;
    component upperCheck;
    if (width == 0) {
        // Every bin is a single number: the thermometer is the number.
        var difference = in - lowest;
        for (var j = 0; j < count; j++) {
            difference += aboveLower[j + 1] * aboveHint[j];
        }
        difference === 0;
    } else {
        lowerCheck = RangeCheck(width, width, count + 1, aboveLower, -lowest);
        lowerCheck.terms[0] <== in;
        lowerCheck.gate <== 1;
        for (var j = 0; j < count; j++) {
            lowerCheck.terms[j + 1] <== aboveHint[j];
        }
    }
    if (checksUpper == 1) {
        upperCheck = RangeCheck(width, width, count + 1, belowUpper, thresholds[0]);
        upperCheck.terms[0] <== in;
        upperCheck.gate <== 1;
        for (var j = 0; j < count; j++) {
            upperCheck.terms[j + 1] <== aboveHint[j];
        }
    }
}
