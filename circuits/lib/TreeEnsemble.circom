// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

// Sums of decision trees of one row, in one constraint a product and one linear constraint a sum.
//
// A branch is yes + above * (no - yes), so every tree is a linear form of the comparisons and of products. Forms are
// given as those of the products, each of which may read earlier products, and then those of the sums. Form f is
// constants[f] + sum of coefficients[t] * atom[atoms[t]], starts[f] <= t < starts[f + 1], where the atoms are the
// comparisons followed by the products; product p is atom[comparisons[p]] * form p.
// @input  above ASSUMED 0 or 1 each (Thermometer).
// @output out   ENFORCED.
template TreeEnsemble(comparisonCount, productCount, sumCount, comparisons, starts, atoms, coefficients, constants) {
    assert(comparisonCount >= 1 && sumCount >= 1);
    signal input above[comparisonCount];
    signal output out[sumCount];

    signal atom[comparisonCount + productCount];
    for (var i = 0; i < comparisonCount; i++) {
        atom[i] <== above[i];
    }
    for (var f = 0; f < productCount + sumCount; f++) {
        var sum = constants[f];
        // A running sum copies its terms at every step, so it takes them by the part.
        for (var start = starts[f]; start < starts[f + 1]; start += 40) {
            var part = 0;
            for (var t = start; t < start + 40 && t < starts[f + 1]; t++) {
                part += coefficients[t] * atom[atoms[t]];
            }
            sum += part;
        }
        if (f < productCount) {
            atom[comparisonCount + f] <== atom[comparisons[f]] * sum;
        } else {
            out[f - productCount] <== sum;
        }
    }
}
