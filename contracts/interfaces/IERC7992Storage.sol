// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title The storage extension of ERC-7992 (draft): facts without a context, on record
/// @dev Warning: see `IERC7992Verifier`. These records name no subject and authorise no payment, and none of them makes
/// `ISettlementRegistry.isSettled` true.
interface IERC7992Storage {
    /// @notice An inference went on record.
    event InferenceStored(bytes32 indexed inferenceId);

    /// @notice No inference is on record under this id.
    error InferenceNotFound(bytes32 inferenceId);

    /// @notice Does what `verifyInference` does, its event included, and puts the inference on record. Anyone may call.
    /// @dev Verifies every time, as the standard demands of a false proof. An inference on record stays as it is, without
    /// a second `InferenceStored`: a copied transaction that comes first makes nobody's call revert.
    /// @return inferenceId `keccak256(abi.encodePacked(modelId, inputCommitment, output))`.
    function verifyAndStoreInference(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes calldata output,
        bytes calldata proof
    ) external returns (bytes32 inferenceId);

    /// @notice What is on record under an id; reverts `InferenceNotFound` for an unknown one and `KeyIsStopped` once the
    /// model's key was stopped, when its proofs show nothing any more. Deprecation changes nothing.
    function getInference(
        bytes32 inferenceId
    ) external view returns (uint256 modelId, bytes32 inputCommitment, bytes memory output);
}
