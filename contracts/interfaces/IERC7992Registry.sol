// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ModelCommitment} from "../types/ModelCommitment.sol";

/// @title The registry face of ERC-7992 (draft): who committed to which model
interface IERC7992Registry {
    /// @notice A model got its id.
    event ModelRegistered(uint256 indexed modelId, address indexed owner, ModelCommitment commitment);
    /// @notice A commitment was replaced. Part of the standard; a registry of immutable models never emits it.
    event ModelUpdated(uint256 indexed modelId, ModelCommitment oldCommitment, ModelCommitment newCommitment);
    /// @notice The owner withdrew a model from new work, for ever.
    event ModelDeprecated(uint256 indexed modelId);

    /// @notice No model has this id.
    error ModelNotFound(uint256 modelId);
    /// @notice Only the model's owner may do this.
    error NotModelOwner(uint256 modelId, address caller);

    /// @notice Registers `commitment` for the caller, without a royalty. Anyone may call.
    /// @dev Reverts `ModelExists` when the caller registered the same before, `KeyNotFound` or `KeyIsStopped` for a
    /// key that is not live, `UnsupportedProofSystem` and `ZeroHash`.
    /// @return modelId Hash of chain, registry, caller, key id, commitment and royalty.
    function registerModel(ModelCommitment calldata commitment) external returns (uint256 modelId);

    /// @notice Always reverts `ModelIsImmutable`: a change is another model with another id.
    function updateModel(uint256 modelId, ModelCommitment calldata commitment) external;

    /// @notice Blocks new jobs and ERC-7992 verification for the model, irreversibly. Owner only.
    /// @dev Open jobs, prepaid orders, whenever they were signed, and statements for a subject can still settle.
    /// Reverts `ModelNotFound`, `NotModelOwner`, and `ModelIsDeprecated` the second time.
    function deprecateModel(uint256 modelId) external;

    /// @notice What was registered under `modelId`; reverts `ModelNotFound` for an unknown one.
    function getModel(
        uint256 modelId
    ) external view returns (ModelCommitment memory commitment, bool deprecated, address owner);
}
