// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

// out = 1 where in = value, else 0, or the other way round where `negated`; two constraints. With d = in - value and z
// the answer: d * inverse = 1 - z makes z = 1 where d = 0, and d * z = 0 makes z = 0 everywhere else.
// @input  in  any field element.
// @output out ENFORCED.
template IsZero(value, negated) {
    signal input in;
    signal output out;

    var difference = in - value;
    signal inverseHint;
    inverseHint <-- difference != 0 ? 1 / difference : 0;
    signal answerHint;
    answerHint <-- (difference == 0) != negated;
    var isZero = negated ? 1 - answerHint : answerHint;
    difference * inverseHint === 1 - isZero;
    difference * isZero === 0;
    out <== answerHint;
}
