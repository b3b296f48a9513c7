// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "RoundingShift.circom";
include "SaturatingShift.circom";

// out[i] = clamp(floor((in[i] + round) / 2^shift), least, least + 2^bits - 1), least = 0 being a fused ReLU. Each
// element takes the cheapest form that its interval allows; plan[i] = [form, shift, width, base]:
//   0  the result is always `base`
//   1  no saturation: the quotient lies in [base, base + 2^width)
//   2  saturation below only, 3 above only, 4 on both sides: see SaturatingShift
// @input  in  ASSUMED inside the intervals that the plan was made for.
// @output out ENFORCED.
template Requantise(count, bits, least, plan) {
    assert(bits >= 1);
    signal input in[count];
    signal output out[count];

    component shifts[count];
    component saturations[count];
    for (var i = 0; i < count; i++) {
        var form = plan[i][0];
        var shift = plan[i][1];
        var width = plan[i][2];
        var base = plan[i][3];
        // Every branch ends in a constraint on out[i]: an unassigned output would be anybody's choice.
        if (form == 0) {
            out[i] <== base;
        } else {
            if (form == 1 && shift == 0) {
                out[i] <== in[i];
            } else {
                if (form == 1) {
                    shifts[i] = RoundingShift(shift, base, width);
                    shifts[i].in <== in[i];
                    out[i] <== shifts[i].out;
                } else {
                    saturations[i] = SaturatingShift(shift, bits, least, width, form != 3, form != 2);
                    saturations[i].in <== in[i];
                    out[i] <== saturations[i].out;
                }
            }
        }
    }
}
