// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "WordLayout.circom";

// Packs a model's output into words (ADR-0001) and evaluates them as a polynomial in the context, by Horner's rule.
// Element i is stored as isVariable[i] * in[i] + offsets[i]: the offset is 2^(bits-1) for a signed element and the
// stored value itself where its interval is a single number. Tensor k has lengths[k] elements of widths[k] bits.
// @input  in         ASSUMED 0 <= stored value < 2^bits, proven from intervals by the model's compiler.
// @input  context    public; constrained by a square even where no word is multiplied by it.
// @output commitment ENFORCED sum of word[k] * context^k.
template OutputWords(tensorCount, lengths, widths, isVariable, offsets) {
    var total = elementCountOf(tensorCount, lengths);
    signal input in[total];
    signal input context;
    signal output commitment;

    var wordCount = wordCountOf(tensorCount, lengths, widths);
    var words[wordCount];
    var next = 0;
    var word = 0;
    var used = 0;
    for (var tensor = 0; tensor < tensorCount; tensor++) {
        for (var i = 0; i < lengths[tensor]; i++) {
            if (startsWord(used, widths[tensor])) {
                word++;
                used = 0;
            }
            words[word] += (isVariable[next] * in[next] + offsets[next]) * (1 << used);
            used += widths[tensor];
            next++;
        }
    }

    signal contextSquare;
    contextSquare <== context * context;
    signal sums[wordCount - 1];
    var sum = words[wordCount - 1];
    for (var k = wordCount - 2; k >= 0; k--) {
        sums[k] <== sum * context + words[k];
        sum = sums[k];
    }
    commitment <== sum;
}
