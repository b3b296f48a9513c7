// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {BatchSizeOutOfRange, ItemRefused} from "../types/BatchError.sol";

/// @notice Claims on their way to `IModelRegistry.verifyBatch`; made by `ClaimBatchLib.create`.
struct ClaimBatch {
    /// Of the claims so far; longer than `count` until the batch is verified.
    bytes32[] keyIds;
    /// Where each claim lies, counted from the first offset, as the ABI counts. The word before a claim says which item
    /// of the caller's batch it is.
    uint256[] offsets;
    /// Claims so far.
    uint256 count;
}

/// @title The claims that a batch leaves to prove, gathered from calldata and verified by one call
/// @dev The call's data is written in place, claim by claim, because Solidity would copy every proof twice more. From
/// the selector on, with room for all of the caller's items and lengths that are cut to the claims before the call:
///
/// | bytes           |                                                                     |
/// |-----------------|---------------------------------------------------------------------|
/// | 4               | selector                                                            |
/// | 32, 32          | offsets of the next two rows                                        |
/// | 32 + 32·items   | key ids                                                             |
/// | 32 + 32·items   | offsets of the claims                                               |
/// | 32              | a claim's index in the caller's batch                               |
/// | 384 + 32·words  | the claim: commitment, offset of the words, subject, proof, words   |
/// |  ⋮              | more of them; between two may lie whatever the caller allocates     |
///
/// The indices and what lies between are sent and never read, as the ABI finds every part by its offset.
library ClaimBatchLib {
    /// @dev As many claims as the registry verifies together.
    uint256 internal constant MAX_BATCH = 128;

    /// @dev A batch without claims yet. Reverts unless `items`, the length of the caller's batch, is 1 to `MAX_BATCH`.
    function create(uint256 items) internal pure returns (ClaimBatch memory batch) {
        if (items == 0 || items > MAX_BATCH) revert BatchSizeOutOfRange(items, MAX_BATCH);
        uint256 selector = uint32(IModelRegistry.verifyBatch.selector);
        uint256 head;
        // Solidity has no bytes with arrays inside: this reserves the selector's word and two offsets before them.
        assembly ("memory-safe") {
            head := mload(0x40)
            mstore(head, selector)
            mstore(0x40, add(head, 0x60))
        }
        bytes32[] memory keyIds = new bytes32[](items);
        uint256[] memory offsets = new uint256[](items);
        // The offsets count from behind the selector, which ends its word.
        assembly ("memory-safe") {
            mstore(add(head, 0x20), sub(keyIds, add(head, 0x20)))
            mstore(add(head, 0x40), sub(offsets, add(head, 0x20)))
        }
        (batch.keyIds, batch.offsets) = (keyIds, offsets);
    }

    /// @dev Adds a claim, which is item `index` of the caller's batch. Assumes that all of it lies within the calldata,
    /// as Solidity checks of what it hands out.
    function append(
        ClaimBatch memory batch,
        uint256 index,
        bytes32 keyId,
        bytes32 inputCommitment,
        uint256[] calldata words,
        bytes32 subject,
        uint256[8] calldata proof
    ) internal pure {
        uint256 position = batch.count;
        (bytes32[] memory keyIds, uint256[] memory offsets) = (batch.keyIds, batch.offsets);
        keyIds[position] = keyId;
        // Below the number of items, as the line above checked.
        unchecked {
            batch.count = position + 1;
        }
        // Index and encoded Claim at the end of memory: 11 words of head, of which the second is the head's size, then
        // the words. The lists are equally long, so the check of the one position above holds for both.
        assembly ("memory-safe") {
            let claim := add(mload(0x40), 0x20)
            mstore(sub(claim, 0x20), index)
            mstore(claim, inputCommitment)
            mstore(add(claim, 0x20), 0x160)
            mstore(add(claim, 0x40), subject)
            calldatacopy(add(claim, 0x60), proof, 0x100)
            mstore(add(claim, 0x160), words.length)
            let size := shl(5, words.length)
            calldatacopy(add(claim, 0x180), words.offset, size)
            mstore(0x40, add(add(claim, 0x180), size))
            let first := add(offsets, 0x20)
            mstore(add(first, shl(5, position)), sub(claim, first))
        }
    }

    /// @dev Returns if the registry accepts every claim, or if there is none; else reverts with the registry's error,
    /// the index of a refused claim translated into the caller's. Nothing can be appended any more.
    function requireValid(ClaimBatch memory batch, IModelRegistry registry) internal view {
        uint256 count = batch.count;
        if (count == 0) return;
        // Check that there is code to answer: a call to an account without any succeeds.
        if (address(registry).code.length == 0) revert IModelRegistry.NotAModelRegistry(address(registry));
        (bytes32[] memory keyIds, uint256[] memory offsets) = (batch.keyIds, batch.offsets);
        bool valid;
        // The data was written as the call needs it; it reaches from the selector to the end of memory. The call is a
        // view of the registry that returns nothing and reverts on anything but valid claims.
        assembly ("memory-safe") {
            mstore(keyIds, count)
            mstore(offsets, count)
            let data := sub(keyIds, 0x44)
            valid := staticcall(gas(), registry, data, sub(mload(0x40), data), 0, 0)
        }
        if (!valid) _revertAsCaller(offsets);
    }

    /// @dev Reverts with what the last call returned; of `ItemRefused` the index, a claim's position, becomes that of
    /// the caller's item.
    function _revertAsCaller(uint256[] memory offsets) private pure {
        uint256 itemRefused = uint32(ItemRefused.selector);
        // Solidity can neither change nor pass on an error that it did not encode.
        assembly ("memory-safe") {
            let size := returndatasize()
            let data := mload(0x40)
            returndatacopy(data, 0, size)
            if and(gt(size, 0x23), eq(shr(224, mload(data)), itemRefused)) {
                let position := mload(add(data, 4))
                if lt(position, mload(offsets)) {
                    let first := add(offsets, 0x20)
                    let claim := add(first, mload(add(first, shl(5, position))))
                    mstore(add(data, 4), mload(sub(claim, 0x20)))
                }
            }
            revert(data, size)
        }
    }
}
