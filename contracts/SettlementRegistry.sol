// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {ISettlementRegistry} from "./interfaces/ISettlementRegistry.sol";
import {RegistryLib} from "./libraries/RegistryLib.sol";
import {StatementLib} from "./libraries/StatementLib.sol";

/// @title SettlementRegistry
/// @notice Verifies inferences for consumers and remembers their words.
contract SettlementRegistry is ISettlementRegistry {
    using RegistryLib for IModelRegistry;

    /// @inheritdoc ISettlementRegistry
    IModelRegistry public immutable REGISTRY;

    mapping(bytes32 statement => bytes32 wordsHash) private _records;

    /// @param registry Verifies the proofs; must answer as a model registry by ERC-165.
    constructor(IModelRegistry registry) {
        registry.requireModelRegistry();
        REGISTRY = registry;
    }

    /// @inheritdoc ISettlementRegistry
    function verifyAndSettle(
        uint256 modelId,
        bytes32 inputCommitment,
        uint256[] calldata words,
        bytes32 subject,
        uint256[8] calldata proof
    ) external {
        bytes32 keyId = _runningKeyOf(modelId);
        bytes32 statement = _statementOf(modelId, inputCommitment, subject);
        bytes32 wordsHash = StatementLib.hashWords(words);
        bytes32 recorded = _records[statement];
        if (recorded == wordsHash) return;
        if (recorded != 0) revert RecordConflict(recorded, wordsHash);

        REGISTRY.verify(keyId, inputCommitment, words, subject, proof);

        _records[statement] = wordsHash;
        emit InferenceSettled(modelId, inputCommitment, subject, words, msg.sender);
    }

    /// @inheritdoc ISettlementRegistry
    function isSettled(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes32 subject,
        uint256[] calldata words
    ) external view returns (bool) {
        bytes32 recorded = _records[_statementOf(modelId, inputCommitment, subject)];
        if (recorded != StatementLib.hashWords(words)) return false;
        (, , bool stopped) = REGISTRY.statusOf(modelId);
        return !stopped;
    }

    /// @inheritdoc ISettlementRegistry
    function requireSettled(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes32 subject,
        uint256[] calldata words
    ) external view {
        bytes32 recorded = _records[_statementOf(modelId, inputCommitment, subject)];
        bytes32 wanted = StatementLib.hashWords(words);
        if (recorded != wanted) revert NotSettled(recorded, wanted);
        _runningKeyOf(modelId);
    }

    /// @dev The model's key; reverts if it is stopped.
    function _runningKeyOf(uint256 modelId) private view returns (bytes32 keyId) {
        bool stopped;
        (keyId, , stopped) = REGISTRY.statusOf(modelId);
        if (stopped) revert IModelRegistry.KeyIsStopped(keyId);
    }

    function _statementOf(uint256 modelId, bytes32 inputCommitment, bytes32 subject) private pure returns (bytes32) {
        return keccak256(abi.encode(modelId, inputCommitment, subject));
    }
}
