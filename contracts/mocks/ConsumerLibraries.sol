// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ISettlementRegistry} from "../interfaces/ISettlementRegistry.sol";
import {InputCommitmentLib} from "../libraries/InputCommitmentLib.sol";
import {RequestLib} from "../libraries/RequestLib.sol";
import {WordsLib} from "../libraries/WordsLib.sol";

/// @title ConsumerLibraries
/// @notice The consumers' libraries as calls, to compare them with src/codec. Development chains only.
contract ConsumerLibraries {
    /// @notice One tensor of a codec and its elements, unsigned ones as non-negative numbers.
    struct Tensor {
        uint256 elementBits;
        bool signed;
        int256[] elements;
    }

    /// @notice The words of a codec's elements.
    function pack(Tensor[] calldata tensors) external pure returns (uint256[] memory words) {
        uint256 end;
        for (uint256 t; t < tensors.length; ++t) {
            end = WordsLib.endOf(end, tensors[t].elementBits, tensors[t].elements.length);
        }
        words = new uint256[](WordsLib.wordCountOf(end));
        uint256 offset;
        for (uint256 t; t < tensors.length; ++t) offset = _put(words, offset, tensors[t]);
    }

    /// @notice The elements in the words; those in `tensors` are only counted.
    function unpack(
        uint256[] calldata words,
        Tensor[] calldata tensors
    ) external pure returns (int256[][] memory elements) {
        elements = new int256[][](tensors.length);
        uint256 offset;
        for (uint256 t; t < tensors.length; ++t) {
            (uint256 elementBits, uint256 count) = (tensors[t].elementBits, tensors[t].elements.length);
            elements[t] = new int256[](count);
            for (uint256 i; i < count; ++i) {
                uint256 start = WordsLib.startOf(offset, elementBits, i);
                elements[t][i] =
                    tensors[t].signed
                        ? WordsLib.signedAt(words, start, elementBits)
                        : int256(WordsLib.unsignedAt(words, start, elementBits));
            }
            offset = WordsLib.endOf(offset, elementBits, count);
        }
    }

    /// @notice `InputCommitmentLib.commit` of 1 to 4 words.
    function commit(uint256 salt, uint256[] calldata words) external pure returns (bytes32) {
        if (words.length == 1) return InputCommitmentLib.commit(salt, words[0]);
        if (words.length == 2) return InputCommitmentLib.commit(salt, [words[0], words[1]]);
        if (words.length == 3) return InputCommitmentLib.commit(salt, [words[0], words[1], words[2]]);
        return InputCommitmentLib.commit(salt, [words[0], words[1], words[2], words[3]]);
    }

    /// @notice `RequestLib.subjectOf` with this contract as the consumer.
    function subjectOf(ISettlementRegistry settlements, bytes32 request) external view returns (bytes32) {
        return RequestLib.subjectOf(settlements, request);
    }

    function _put(uint256[] memory words, uint256 offset, Tensor calldata tensor) private pure returns (uint256) {
        for (uint256 i; i < tensor.elements.length; ++i) {
            uint256 start = WordsLib.startOf(offset, tensor.elementBits, i);
            int256 element = tensor.elements[i];
            if (tensor.signed) WordsLib.putSigned(words, start, tensor.elementBits, element);
            else WordsLib.putUnsigned(words, start, tensor.elementBits, uint256(element));
        }
        return WordsLib.endOf(offset, tensor.elementBits, tensor.elements.length);
    }
}
