// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Elements of a model's input and output in words
/// @dev The packing of ADR-0001: a word has 253 bits for elements, lowest bits first; an element that does not fit into
/// what is left starts the next word; a signed element v of b bits is stored as v + 2^(b−1).
///
/// An `offset` counts bits from the first bit of the first word, 253 a word: 253·word + shift. A tensor starts at the
/// offset where the one before it ends (`endOf`), the first at 0. Widths, signedness and the order of tensors are the
/// model's codec, `inputs` and `outputs` of its graph.json; they are constants of a consumer, as the model is.
///
/// Reading trusts the words: a verified output has no bits set that hold no element. It does not compare the number of
/// words with the codec's either; the key fixes it, and a word that is missing reverts as an index out of bounds.
library WordsLib {
    /// @dev Bits of a word that hold elements.
    uint256 internal constant WORD_BITS = 253;
    /// @dev Widest element of a codec.
    uint256 internal constant MAX_ELEMENT_BITS = 252;

    /// @notice An element has 1 to `max` bits.
    error WidthOutOfRange(uint256 elementBits, uint256 max);
    /// @notice The element does not fit its width.
    error ElementTooLarge(uint256 element, uint256 max);
    /// @notice The signed element does not fit its width.
    error ElementOutOfRange(int256 element, int256 min, int256 max);

    /// @dev Where element `index` starts in a tensor of `elementBits` each, the tensor after `offset` bits.
    function startOf(uint256 offset, uint256 elementBits, uint256 index) internal pure returns (uint256) {
        _checkWidth(elementBits);
        uint256 inFirst = (WORD_BITS - (offset % WORD_BITS)) / elementBits;
        if (index < inFirst) return offset + index * elementBits;

        uint256 perWord = WORD_BITS / elementBits;
        uint256 later = index - inFirst;
        uint256 word = offset / WORD_BITS + 1 + later / perWord;
        return word * WORD_BITS + (later % perWord) * elementBits;
    }

    /// @dev Where a tensor of `count` elements ends, hence the next one's offset. `count` is at least 1.
    function endOf(uint256 offset, uint256 elementBits, uint256 count) internal pure returns (uint256) {
        return startOf(offset, elementBits, count - 1) + elementBits;
    }

    /// @dev Words that tensors up to `end` take.
    function wordCountOf(uint256 end) internal pure returns (uint256) {
        return (end + WORD_BITS - 1) / WORD_BITS;
    }

    /// @dev The unsigned element of `elementBits` that starts at `start`, as `startOf` gives it.
    function unsignedAt(
        uint256[] memory words,
        uint256 start,
        uint256 elementBits
    ) internal pure returns (uint256 element) {
        _checkWidth(elementBits);
        return (words[start / WORD_BITS] >> (start % WORD_BITS)) & _mask(elementBits);
    }

    /// @dev The signed element of `elementBits` that starts at `start`.
    function signedAt(
        uint256[] memory words,
        uint256 start,
        uint256 elementBits
    ) internal pure returns (int256 element) {
        // Both are below 2^252, so neither cast changes its number.
        return int256(unsignedAt(words, start, elementBits)) - int256(_half(elementBits));
    }

    /// @dev Puts an unsigned element into words whose bits from `start` on are zero. Reverts unless it fits its width.
    function putUnsigned(uint256[] memory words, uint256 start, uint256 elementBits, uint256 element) internal pure {
        _checkWidth(elementBits);
        if (element > _mask(elementBits)) revert ElementTooLarge(element, _mask(elementBits));
        words[start / WORD_BITS] |= element << (start % WORD_BITS);
    }

    /// @dev Puts a signed element into words whose bits from `start` on are zero. Reverts unless it fits its width.
    function putSigned(uint256[] memory words, uint256 start, uint256 elementBits, int256 element) internal pure {
        _checkWidth(elementBits);
        // Below 2^251, so the cast does not change the number.
        int256 half = int256(_half(elementBits));
        if (element < -half || element >= half) revert ElementOutOfRange(element, -half, half - 1);
        putUnsigned(words, start, elementBits, uint256(element + half));
    }

    function _mask(uint256 elementBits) private pure returns (uint256) {
        return (1 << elementBits) - 1;
    }

    function _half(uint256 elementBits) private pure returns (uint256) {
        return 1 << (elementBits - 1);
    }

    function _checkWidth(uint256 elementBits) private pure {
        if (elementBits == 0 || elementBits > MAX_ELEMENT_BITS) revert WidthOutOfRange(elementBits, MAX_ELEMENT_BITS);
    }
}
