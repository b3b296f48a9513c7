// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

// Elements lie in words of 253 bits (ADR-0001): the first in the lowest bits, none straddling two words. Tensor k has
// lengths[k] elements of widths[k] bits.

// Whether an element of `bits` bits starts a new word when `used` bits of the current one are taken.
function startsWord(used, bits) {
    return used + bits > 253;
}

// The number of words of all tensors together.
function wordCountOf(tensorCount, lengths, widths) {
    var words = 1;
    var used = 0;
    for (var tensor = 0; tensor < tensorCount; tensor++) {
        for (var i = 0; i < lengths[tensor]; i++) {
            if (startsWord(used, widths[tensor])) {
                words++;
                used = 0;
            }
            used += widths[tensor];
        }
    }
    return words;
}

// The number of elements of all tensors together.
function elementCountOf(tensorCount, lengths) {
    var total = 0;
    for (var tensor = 0; tensor < tensorCount; tensor++) {
        total += lengths[tensor];
    }
    return total;
}
