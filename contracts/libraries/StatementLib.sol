// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {Groth16Lib} from "./Groth16Lib.sol";

/// @title The public signals that a statement's proof must have
library StatementLib {
    /// @dev Every word is at most this, so that no output has a second encoding by adding the field's order.
    uint256 internal constant MAX_WORD = (1 << 253) - 1;

    /// @dev Whether a commitment can be the first signal. Zero and what is not below the field's order cannot: nothing
    /// hashes to them.
    function isSignal(bytes32 inputCommitment) internal pure returns (bool) {
        // 0 wraps to the greatest number, so one comparison refuses it too.
        unchecked {
            return uint256(inputCommitment) - 1 < Groth16Lib.R - 1;
        }
    }

    /// @dev The error that a malformed statement deserves, ABI-encoded; empty for a well-formed one.
    function flawOf(
        bytes32 inputCommitment,
        uint256[] calldata words,
        bytes32 subject,
        uint256 wordCount
    ) internal pure returns (bytes memory flaw) {
        if (subject == 0) return abi.encodeWithSelector(IModelRegistry.ZeroSubject.selector);
        if (!isSignal(inputCommitment)) return commitmentFlaw(inputCommitment);
        if (words.length != wordCount) {
            return abi.encodeWithSelector(IModelRegistry.WordCountMismatch.selector, words.length, wordCount);
        }
        for (uint256 i; i < wordCount; ++i) {
            uint256 word = _wordAt(words, i);
            if (word > MAX_WORD) {
                return abi.encodeWithSelector(IModelRegistry.WordTooLarge.selector, i, word, MAX_WORD);
            }
        }
    }

    /// @dev The error that a commitment outside of the field deserves.
    function commitmentFlaw(bytes32 inputCommitment) internal pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IModelRegistry.InputCommitmentOutOfRange.selector,
                inputCommitment,
                Groth16Lib.R - 1
            );
    }

    /// @dev The three public signals of a well-formed statement, each below the field's order.
    function signalsOf(
        bytes32 keyId,
        bytes32 inputCommitment,
        uint256[] calldata words,
        bytes32 subject
    ) internal pure returns (uint256 input, uint256 output, uint256 context) {
        input = uint256(inputCommitment);
        context = contextOf(keyId, inputCommitment, subject, hashWords(words));
        output = outputCommitmentOf(words, context);
    }

    /// @dev `keccak256(abi.encodePacked(words))`, in assembly for the copy without a length that Solidity would make.
    function hashWords(uint256[] calldata words) internal pure returns (bytes32 wordsHash) {
        assembly ("memory-safe") {
            let p := mload(0x40)
            let size := shl(5, words.length)
            calldatacopy(p, words.offset, size)
            wordsHash := keccak256(p, size)
        }
    }

    /// @dev The third signal. Below 2^253, hence below the field's order. The input commitment and the words are
    /// hashed in before the evaluation point of `outputCommitmentOf` exists, so neither can be steered to meet it.
    function contextOf(
        bytes32 keyId,
        bytes32 inputCommitment,
        bytes32 subject,
        bytes32 wordsHash
    ) internal pure returns (uint256) {
        return uint256(EfficientHashLib.hash(keyId, inputCommitment, subject, wordsHash)) >> 3;
    }

    /// @dev The second signal: Σᵢ wordᵢ·contextⁱ mod r by Horner's rule, the word itself when there is one.
    /// Assumes canonical words, at least one.
    function outputCommitmentOf(uint256[] calldata words, uint256 context) internal pure returns (uint256 sum) {
        // At least one word (a key of none is never published), so the index does not wrap; addmod cannot overflow.
        unchecked {
            uint256 i = words.length - 1;
            sum = _wordAt(words, i);
            while (i != 0) sum = addmod(mulmod(sum, context, Groth16Lib.R), _wordAt(words, --i), Groth16Lib.R);
        }
    }

    /// @dev `words[index]` without Solidity's second comparison of an index that is below the length.
    function _wordAt(uint256[] calldata words, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(words.offset, shl(5, index)))
        }
    }
}
