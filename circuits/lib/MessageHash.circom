// SPDX-License-Identifier: MIT
pragma circom 2.2.0;

include "PoseidonRounds.circom";

// Whether a message is hashed in one permutation (ADR-0001); the chain takes over beyond five elements and when sealed.
function isSinglePermutation(length, sealed) {
    return length <= 5 && sealed == 0;
}

// Width of the permutation for a message of `length` elements.
function messageHashWidth(length, sealed) {
    return isSinglePermutation(length, sealed) ? length + 1 : 17;
}

// The element of the state that takes the first of a block of up to 15 message elements.
function messageFirstSlot(length, sealed) {
    return isSinglePermutation(length, sealed) ? 1 : 2;
}

// The commitment to a message whose elements have passed the first S-box. Capacity, length and padding are constants
// of the circuit, so their S-boxes cost nothing.
// @input  powers     ASSUMED (message[i] + first round constant of its slot)^5; the caller constrains them.
// @output commitment ENFORCED Poseidon_length(message), or the chain h0 = length + 2^32 * sealed,
//                    h[k+1] = Poseidon_16(h[k], next 15 elements, zero-padded).
template MessageHash(length, sealed) {
    assert(length >= 2 && length < 2 ** 32);
    assert(sealed == 0 || sealed == 1);
    signal input powers[length];
    signal output commitment;

    var single = isSinglePermutation(length, sealed);
    var width = messageHashWidth(length, sealed);
    var constants[poseidonConstantCount(width)] = poseidonRoundConstants(width);
    var firstSlot = messageFirstSlot(length, sealed);
    var blocks = single ? 1 : (length + 14) \ 15;
    component rounds[blocks];
    signal leadSquare[blocks];
    signal leadFourth[blocks];
    for (var block = 0; block < blocks; block++) {
        rounds[block] = PoseidonRounds(width);
        rounds[block].powers[0] <== constants[0] ** 5;
        if (!single) {
            var leadConstant = constants[1];
            if (block == 0) {
                leadSquare[0] <== 0;
                leadFourth[0] <== 0;
                rounds[0].powers[1] <== (length + sealed * 2 ** 32 + leadConstant) ** 5;
            } else {
                var lead = rounds[block - 1].hash + leadConstant;
                leadSquare[block] <== lead * lead;
                leadFourth[block] <== leadSquare[block] * leadSquare[block];
                rounds[block].powers[1] <== leadFourth[block] * lead;
            }
        }
        for (var slot = firstSlot; slot < width; slot++) {
            var index = block * 15 + slot - firstSlot;
            if (index < length) {
                rounds[block].powers[slot] <== powers[index];
            } else {
                rounds[block].powers[slot] <== constants[slot] ** 5;
            }
        }
    }
    if (single) {
        leadSquare[0] <== 0;
        leadFourth[0] <== 0;
    }
    commitment <== rounds[blocks - 1].hash;
}
