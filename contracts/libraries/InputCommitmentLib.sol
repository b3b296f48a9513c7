// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Groth16Lib} from "./Groth16Lib.sol";

/// @dev What a Poseidon contract of the package poseidon-solidity answers to, one with as many inputs each.
interface IPoseidon {
    function hash(uint256[2] calldata inputs) external pure returns (uint256);
    function hash(uint256[3] calldata inputs) external pure returns (uint256);
    function hash(uint256[4] calldata inputs) external pure returns (uint256);
    function hash(uint256[5] calldata inputs) external pure returns (uint256);
}

/// @title Commitments to public inputs, derived on chain
/// @dev Poseidon of `[salt, word₀, …]` as ADR-0001 has it, for up to four words: longer inputs are chained, which costs
/// too much here. What is committed to is public, so the salt hides nothing; 0 is as good as any.
///
/// The hashes are the contracts that the package poseidon-solidity publishes, at the addresses that CREATE2 derives from
/// their code through the deterministic deployment proxy: the address says what code is there, on every chain with that
/// proxy, and anybody can put it there (src/chain/deployPoseidon.ts). Compiled with this project's settings instead they
/// would be larger than a contract may be. Where one is missing, the call reverts without data. It reduces its inputs
/// modulo the field's order, so every element is checked first: else word and word + r would have one commitment.
library InputCommitmentLib {
    /// @dev Hash of two inputs.
    IPoseidon internal constant POSEIDON_T3 = IPoseidon(0x3333333C0A88F9BE4fd23ed0536F9B6c427e3B93);
    /// @dev Hash of three inputs.
    IPoseidon internal constant POSEIDON_T4 = IPoseidon(0x4443338EF595F44e0121df4C21102677B142ECF0);
    /// @dev Hash of four inputs.
    IPoseidon internal constant POSEIDON_T5 = IPoseidon(0x555333f3f677Ca3930Bf7c56ffc75144c51D9767);
    /// @dev Hash of five inputs.
    IPoseidon internal constant POSEIDON_T6 = IPoseidon(0x666333F371685334CdD69bdDdaFBABc87CE7c7Db);

    /// @notice Element `index` of the message (0 is the salt) is above `max`, the field's order less one.
    error ElementNotInField(uint256 index, uint256 element, uint256 max);

    /// @dev Commitment to an input of one word.
    function commit(uint256 salt, uint256 word) internal pure returns (bytes32) {
        _checkElement(0, salt);
        _checkElement(1, word);
        return bytes32(POSEIDON_T3.hash([salt, word]));
    }

    /// @dev Commitment to an input of two words.
    function commit(uint256 salt, uint256[2] memory words) internal pure returns (bytes32) {
        uint256[3] memory message = [salt, words[0], words[1]];
        for (uint256 i; i < 3; ++i) _checkElement(i, message[i]);
        return bytes32(POSEIDON_T4.hash(message));
    }

    /// @dev Commitment to an input of three words.
    function commit(uint256 salt, uint256[3] memory words) internal pure returns (bytes32) {
        uint256[4] memory message = [salt, words[0], words[1], words[2]];
        for (uint256 i; i < 4; ++i) _checkElement(i, message[i]);
        return bytes32(POSEIDON_T5.hash(message));
    }

    /// @dev Commitment to an input of four words.
    function commit(uint256 salt, uint256[4] memory words) internal pure returns (bytes32) {
        uint256[5] memory message = [salt, words[0], words[1], words[2], words[3]];
        for (uint256 i; i < 5; ++i) _checkElement(i, message[i]);
        return bytes32(POSEIDON_T6.hash(message));
    }

    function _checkElement(uint256 index, uint256 element) private pure {
        if (element >= Groth16Lib.R) revert ElementNotInField(index, element, Groth16Lib.R - 1);
    }
}
