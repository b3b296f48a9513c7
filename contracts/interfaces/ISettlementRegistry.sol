// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ModelClaims} from "../types/ModelClaims.sol";
import {SkipReason} from "../types/SkipReason.sol";
import {IModelRegistry} from "./IModelRegistry.sol";

/// @title Proven outputs on record, for consumers that act on them
/// @notice A record says: under this model's key the committed input gave these words, proven for this subject.
interface ISettlementRegistry {
    /// @notice A proof was verified and its words went on record.
    event InferenceSettled(
        uint256 indexed modelId,
        bytes32 indexed inputCommitment,
        bytes32 indexed subject,
        uint256[] words
    );

    /// @notice Item `index` of a batch was left out: it is on record, other words are, or its key is stopped.
    event StatementSkipped(
        uint256 indexed modelId,
        bytes32 indexed inputCommitment,
        bytes32 indexed subject,
        uint256 index,
        SkipReason reason
    );

    /// @notice Other words are on record for the same statement; hashes of the words.
    error RecordConflict(bytes32 recorded, bytes32 given);
    /// @notice These words are not on record; `recorded` is zero when none are.
    error NotSettled(bytes32 recorded, bytes32 wanted);

    /// @notice The registry that verifies, immutable.
    function REGISTRY() external view returns (IModelRegistry);

    /// @notice Verifies a proof and records its words. Anyone may call.
    /// @dev An identical record makes the call return without a second verification, so that a copied transaction that
    /// comes first cannot make a composed call revert. Reverts `KeyIsStopped` even then. A deprecated model is not
    /// refused.
    /// @param subject Opaque here. A consumer derives it from chain, registry, itself and its request, or a proof made
    /// for another purpose fits.
    function verifyAndSettle(
        uint256 modelId,
        bytes32 inputCommitment,
        uint256[] calldata words,
        bytes32 subject,
        uint256[8] calldata proof
    ) external;

    /// @notice Verifies the proofs of many claims at once and records their words. Anyone may call.
    /// @dev Does what `verifyAndSettle` does for each item in turn, those left out that it would not record: of a stopped
    /// key, on record already or in conflict with a record, by an earlier item of the batch too. Each of them is named by
    /// `StatementSkipped` and its proof is not looked at, so nothing that others send first makes the call revert.
    /// Whatever is wrong with the calldata itself reverts, left out or not: `ItemRefused` with the index and the reason of
    /// an item of an unknown model, or without subject, with an input commitment out of range, another number of words
    /// than the key has or a word too large; `BatchSizeOutOfRange`. `BatchProofInvalid` when a proof of what is left is
    /// false, and `ItemRefused` with `BatchKeysDiffer` when its key has another α or β than the first one's. A revert
    /// records nothing.
    /// @param groups Claims by model, 1 to 128 in all; an item's index counts them through all groups.
    function verifyAndSettleBatch(ModelClaims[] calldata groups) external;

    /// @notice Whether exactly these words are on record and the model's key is not stopped.
    function isSettled(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes32 subject,
        uint256[] calldata words
    ) external view returns (bool);

    /// @notice Returns if exactly these words are on record and the model's key is not stopped; else reverts.
    function requireSettled(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes32 subject,
        uint256[] calldata words
    ) external view;
}
