// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

// out[b, j] = bias[j] + sum over i of weights[j][i] * in[b, i], one linear constraint an output element.
// The sum is taken in chunks: a running sum copies its terms at every step, and the compiler's time grows with the
// square of the terms.
// @input  in  ASSUMED bounded such that no sum reaches 2^252 (the compiler of the model checks the exact intervals).
// @output out ENFORCED.
template Linear(batch, inFeatures, outFeatures, chunk, weights, bias) {
    signal input in[batch * inFeatures];
    signal output out[batch * outFeatures];

    for (var b = 0; b < batch; b++) {
        for (var j = 0; j < outFeatures; j++) {
            var sum = bias[j];
            for (var start = 0; start < inFeatures; start += chunk) {
                var part = 0;
                for (var i = start; i < start + chunk && i < inFeatures; i++) {
                    part += weights[j][i] * in[b * inFeatures + i];
                }
                sum += part;
            }
            out[b * outFeatures + j] <== sum;
        }
    }
}
