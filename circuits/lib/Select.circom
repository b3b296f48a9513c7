// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

// out[i] = condition[i] == 1 ? whenTrue[i] : whenFalse[i], one constraint an element. plan[i] = [form, base, step]:
//   0  the result is always `base`
//   1  all operands vary
//   2  the condition is always 1, 3 always 0 (or both choices are one value): no constraint
//   4  the choices are always base + step and base: one linear constraint, none where they are 1 and 0
// @input  condition ASSUMED 0 or 1; all operands ASSUMED equal to the plan's constants where it has any (proven from
//                   intervals by the model's compiler).
// @output out       ENFORCED.
template Select(count, plan) {
    signal input condition[count];
    signal input whenTrue[count];
    signal input whenFalse[count];
    signal output out[count];

    for (var i = 0; i < count; i++) {
        var form = plan[i][0];
        if (form == 0) {
            out[i] <== plan[i][1];
        } else {
            if (form == 1) {
                out[i] <== condition[i] * (whenTrue[i] - whenFalse[i]) + whenFalse[i];
            } else {
                if (form == 2) {
                    out[i] <== whenTrue[i];
                } else {
                    if (form == 3) {
                        out[i] <== whenFalse[i];
                    } else {
                        out[i] <== plan[i][1] + plan[i][2] * condition[i];
                    }
                }
            }
        }
    }
}
