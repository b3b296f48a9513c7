// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "FixedQuotient.circom";
include "VariableQuotient.circom";

// out[i] = floor((2 * multiplier * numerator[i] + d) / (2 * d)), the quotient rounded half up, where each denominator d
// serves equally many numerators in a row. plan[i] = [form, multiplier, fixed, bits, least, quotientBits]:
//   0  the result is always `least`
//   1  d divides the multiplier and is left out: one linear constraint, none where the multiplier is 1
//   2  d is always `fixed`, in lowest terms with the multiplier: see FixedQuotient
//   3  d varies: see VariableQuotient
// @input  numerator, denominator ASSUMED inside the intervals that the plan was made for, d >= 1 (proven by the model's
//                                compiler).
// @output out                    ENFORCED.
template Divide(count, denominators, plan) {
    assert(count % denominators == 0);
    signal input numerator[count];
    signal input denominator[denominators];
    signal output out[count];

    var sharers = count / denominators;
    component fixed[count];
    component variable[count];
    for (var i = 0; i < count; i++) {
        var form = plan[i][0];
        // Every branch ends in a constraint on out[i]: an unassigned output would be anybody's choice.
        if (form == 0) {
            out[i] <== plan[i][4];
        } else {
            if (form == 1) {
                out[i] <== plan[i][1] * numerator[i];
            } else {
                if (form == 2) {
                    fixed[i] = FixedQuotient(plan[i][1], plan[i][2], plan[i][3], plan[i][4], plan[i][5]);
                    fixed[i].numerator <== numerator[i];
                    out[i] <== fixed[i].quotient;
                } else {
                    variable[i] = VariableQuotient(plan[i][1], plan[i][3], plan[i][4], plan[i][5]);
                    variable[i].numerator <== numerator[i];
                    variable[i].denominator <== denominator[i \ sharers];
                    out[i] <== variable[i].quotient;
                }
            }
        }
    }
}
