// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IModelRegistry} from "./IModelRegistry.sol";

/// @title Proven outputs on record, for consumers that act on them
/// @notice A record says: under this model's key the committed input gave these words, proven for this subject.
interface ISettlementRegistry {
    /// @notice A proof was verified and its words went on record.
    event InferenceSettled(
        uint256 indexed modelId,
        bytes32 indexed inputCommitment,
        bytes32 indexed subject,
        uint256[] words,
        address caller
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
