// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "MessageHash.circom";
include "RangeCheck.circom";
include "WordLayout.circom";

// Commits to a model's input: range-checks every element, packs the elements into words and hashes [salt, words] as
// ADR-0001 fixes it. Words are linear combinations and need no signal. Tensor k has lengths[k] elements of widths[k]
// bits; isSigned[k] = 1 stores v + 2^(bits-1).
// @input  in         ENFORCED to fit its codec: 0 <= v < 2^bits, or -2^(bits-1) <= v < 2^(bits-1) when signed.
// @input  salt       any field element; its entropy is the prover's concern.
// @output commitment ENFORCED, one for each (salt, in).
template InputCommitment(tensorCount, lengths, widths, isSigned) {
    var total = elementCountOf(tensorCount, lengths);
    signal input in[total];
    signal input salt;
    signal output commitment;

    var wordCount = wordCountOf(tensorCount, lengths, widths);
    var length = 1 + wordCount;
    var message[length];
    message[0] = salt;

    component ranges[total];
    var next = 0;
    var word = 1;
    var used = 0;
    for (var tensor = 0; tensor < tensorCount; tensor++) {
        var bits = widths[tensor];
        var offset = isSigned[tensor] * (1 << (bits - 1));
        for (var i = 0; i < lengths[tensor]; i++) {
            if (startsWord(used, bits)) {
                word++;
                used = 0;
            }
            ranges[next] = RangeCheck(bits, bits, 1, [1], offset);
            ranges[next].terms <== [in[next]];
            ranges[next].gate <== 1;
            message[word] += (in[next] + offset) * (1 << used);
            used += bits;
            next++;
        }
    }

    var firstSlot = messageFirstSlot(length, 0);
    var width = messageHashWidth(length, 0);
    var constants[poseidonConstantCount(width)] = poseidonRoundConstants(width);
    signal squares[length];
    signal fourths[length];
    component hash = MessageHash(length, 0);
    for (var i = 0; i < length; i++) {
        var element = message[i] + constants[firstSlot + i % 15];
        squares[i] <== element * element;
        fourths[i] <== squares[i] * squares[i];
        hash.powers[i] <== fourths[i] * element;
    }
    commitment <== hash.commitment;
}
