// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "IsZero.circom";
include "NonNegative.circom";

// out[i] says whether in[i] is zero, or not negative, as 1 or 0; plan[i] = [form, n0, n1, n2] says how:
//   0  always n0
//   1  n0 + n1 * in[i] + n2 * in[i]^2, the polynomial through the two or three values that in[i] can take: one
//      constraint, none where it is in[i] itself
//   2  in[i] >= 0 by its n0 lower bits: n0 + 1 constraints
//   3  in[i] = n0, 4 in[i] <> n0: two constraints. Either is a sign where n0 is the operand's end.
// @input  in  ASSUMED inside the intervals that the plan was made for (proven by the model's compiler).
// @output out ENFORCED.
template Compare(count, plan) {
    signal input in[count];
    signal output out[count];

    component signs[count];
    component zeros[count];
    for (var i = 0; i < count; i++) {
        var form = plan[i][0];
        // Every branch ends in a constraint on out[i]: an unassigned output would be anybody's choice.
        if (form == 0) {
            out[i] <== plan[i][1];
        } else {
            if (form == 1) {
                // A product with the factor 0 would count as one.
                if (plan[i][3] == 0) {
                    out[i] <== plan[i][1] + plan[i][2] * in[i];
                } else {
                    out[i] <== plan[i][1] + (plan[i][2] + plan[i][3] * in[i]) * in[i];
                }
            } else {
                if (form == 2) {
                    signs[i] = NonNegative(plan[i][1]);
                    signs[i].in <== in[i];
                    out[i] <== signs[i].out;
                } else {
                    zeros[i] = IsZero(plan[i][1], form == 4);
                    zeros[i].in <== in[i];
                    out[i] <== zeros[i].out;
                }
            }
        }
    }
}
