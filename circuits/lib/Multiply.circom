// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

// out[i] = left[i] * right[i], one constraint an element. plan[i] = [form, factor]:
//   0  the result is always `factor`
//   1  both operands vary
//   2  left[i] is always `factor`, 3 right[i] is: one linear constraint, none where the factor is 1
// @input  left, right ASSUMED equal to the plan's constants where it has any, and such that no product reaches 2^252
//                     (proven from intervals by the model's compiler).
// @output out         ENFORCED.
template Multiply(count, plan) {
    signal input left[count];
    signal input right[count];
    signal output out[count];

    for (var i = 0; i < count; i++) {
        var form = plan[i][0];
        var factor = plan[i][1];
        if (form == 0) {
            out[i] <== factor;
        } else {
            if (form == 1) {
                out[i] <== left[i] * right[i];
            } else {
                if (form == 2) {
                    out[i] <== factor * right[i];
                } else {
                    out[i] <== factor * left[i];
                }
            }
        }
    }
}
