// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "RangeCheck.circom";

// Index of the greatest element, the lowest index on ties, in sum over j of (widths[j] + 2) constraints, j < count-1.
//
// passed[j] says that the winner stands after position j; the chain 1 >= passed[0] >= passed[1] >= ... of booleans is
// the winner's position and costs one constraint a link. losers[j], element j or j + 1 of which the winner is not one,
// run over all elements but the winner, so the greatest element is the sum of all minus the losers. Each loser lies
// below it: strictly where the winner comes later. The label and the greatest element take the place of the last link
// and the last loser, so neither needs a constraint of its own.
// @input  in    ASSUMED bounded: whichever position wins, greatest - losers[j] - passed[j] < 2^widths[j] at the honest
//               winner, and its absolute value is at most 2^252 at any other (proven from intervals).
// @output label ENFORCED indices[p] for the first p with in[p] = max(in).
template ArgMax(count, indices, widths) {
    assert(count >= 2);
    for (var i = 1; i < count; i++) {
        assert(indices[i - 1] < indices[i]);
    }
    signal input in[count];
    signal output label;

    var winner = 0;
    for (var i = 1; i < count; i++) {
        if (in[i] > in[winner]) {
            winner = i;
        }
    }

    signal labelHint;
    labelHint <-- indices[winner];
    var last = count - 2;
    var stride = indices[count - 1] - indices[last];
    signal passedHint[last];
    var previous = 1;
    var lastPassed = labelHint - indices[0];
    for (var j = 0; j < last; j++) {
        passedHint[j] <-- winner > j;
        passedHint[j] * (passedHint[j] - previous) === 0;
        previous = passedHint[j];
        lastPassed -= (indices[j + 1] - indices[j]) * passedHint[j];
    }
    lastPassed = lastPassed / stride;
    lastPassed * (lastPassed - previous) === 0;

    signal loser[last];
    signal greatest;
    var others = 0;
    for (var j = 0; j < last; j++) {
        loser[j] <== passedHint[j] * (in[j] - in[j + 1]) + in[j + 1];
        others += in[j] - loser[j];
    }
    greatest <== lastPassed * (in[count - 1] - in[last]) + in[last] + others;

    component gaps[count - 1];
    for (var j = 0; j < last; j++) {
        gaps[j] = RangeCheck(widths[j], widths[j], 3, [1, -1, -1], 0);
        gaps[j].terms <== [greatest, loser[j], passedHint[j]];
        gaps[j].gate <== 1;
    }
    // The last gap: the last loser is the sum of all elements minus the greatest and the other losers, and the last
    // link is what the label leaves after the others.
    var lastGapCoefficients[2 * count + last];
    for (var i = 0; i < count; i++) {
        lastGapCoefficients[i] = -1;
    }
    for (var j = 0; j < last; j++) {
        lastGapCoefficients[count + j] = 1;
        lastGapCoefficients[count + last + j] = (indices[j + 1] - indices[j]) / stride;
    }
    lastGapCoefficients[count + 2 * last] = 2;
    lastGapCoefficients[count + 2 * last + 1] = -1 / stride;
    gaps[last] = RangeCheck(widths[last], widths[last], 2 * count + last, lastGapCoefficients, indices[0] / stride);
    for (var i = 0; i < count; i++) {
        gaps[last].terms[i] <== in[i];
    }
    for (var j = 0; j < last; j++) {
        gaps[last].terms[count + j] <== loser[j];
        gaps[last].terms[count + last + j] <== passedHint[j];
    }
    gaps[last].terms[count + 2 * last] <== greatest;
    gaps[last].terms[count + 2 * last + 1] <== labelHint;
    gaps[last].gate <== 1;
    label <== labelHint;
}
