// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "BlockPolynomial.circom";
include "TreePolynomial.circom";

// out[i] = p(in[i] - low), p being the polynomial of BlockPolynomial (levels = 0, `rowCount` blocks) or of
// TreePolynomial: any function of an integer, by the polynomial through its values. constants[i] = [isConstant, value]
// takes elements out whose result is the same for all admissible inputs.
// @input  in  ASSUMED an integer that the polynomial was made for (proven from intervals by the model's compiler: the
//             constraints before this step leave no other).
// @output out ENFORCED.
template Table(count, constants, low, babySteps, levels, rowCount, scale, rows) {
    signal input in[count];
    signal output out[count];

    component blocks[count];
    component trees[count];
    for (var i = 0; i < count; i++) {
        // Every branch ends in a constraint on out[i]: an unassigned output would be anybody's choice.
        if (constants[i][0] == 1) {
            out[i] <== constants[i][1];
        } else {
            if (levels == 0) {
                blocks[i] = BlockPolynomial(low, babySteps, rowCount, rows);
                blocks[i].in <== in[i];
                out[i] <== blocks[i].out;
            } else {
                trees[i] = TreePolynomial(low, babySteps, levels, scale, rows);
                trees[i].in <== in[i];
                out[i] <== trees[i].out;
            }
        }
    }
}
