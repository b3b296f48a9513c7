// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "IntegerRoot.circom";

// out[i] = floor(sqrt(multiplier * in[i])). plan[i] = [bits, constant]: see IntegerRoot, or always `constant` where
// bits = 0.
// @input  in  ASSUMED inside the intervals that the plan was made for, and not negative (proven by the model's compiler).
// @output out ENFORCED.
template Root(count, multiplier, plan) {
    signal input in[count];
    signal output out[count];

    component roots[count];
    for (var i = 0; i < count; i++) {
        // Every branch ends in a constraint on out[i]: an unassigned output would be anybody's choice.
        if (plan[i][0] == 0) {
            out[i] <== plan[i][1];
        } else {
            roots[i] = IntegerRoot(multiplier, plan[i][0]);
            roots[i].in <== in[i];
            out[i] <== roots[i].out;
        }
    }
}
