// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";

import {IERC7992Storage} from "./interfaces/IERC7992Storage.sol";
import {IERC7992Verifier} from "./interfaces/IERC7992Verifier.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {ISettlementRegistry} from "./interfaces/ISettlementRegistry.sol";
import {ClaimBatch, ClaimBatchLib} from "./libraries/ClaimBatchLib.sol";
import {FlawLib} from "./libraries/FlawLib.sol";
import {ModelTermsLib} from "./libraries/ModelTermsLib.sol";
import {RegistryLib} from "./libraries/RegistryLib.sol";
import {StatementLib} from "./libraries/StatementLib.sol";
import {Claim} from "./types/Claim.sol";
import {ModelClaims} from "./types/ModelClaims.sol";
import {ModelCommitment} from "./types/ModelCommitment.sol";
import {ModelTerms} from "./types/ModelTerms.sol";
import {SkipReason} from "./types/SkipReason.sol";

/// @title SettlementRegistry
/// @notice Verifies inferences for consumers and remembers their words.
/// @dev Calls nothing but views of its immutable model registry, so nothing can be re-entered.
contract SettlementRegistry is ISettlementRegistry, IERC7992Verifier, IERC7992Storage, IERC165 {
    using ClaimBatchLib for ClaimBatch;
    using ModelTermsLib for ModelTerms;
    using RegistryLib for IModelRegistry;

    /// @dev One slot: zero where nothing is on record.
    struct Record {
        bytes32 wordsHash;
    }

    /// @dev An ERC-7992 record. Model ids are hashes, so one of zero says that nothing is stored.
    struct Inference {
        uint256 modelId;
        bytes32 inputCommitment;
        uint256[] words;
    }

    uint256 private constant OUTPUT_HEAD = 64;
    uint256 private constant PROOF_LENGTH = 288;

    /// @inheritdoc ISettlementRegistry
    IModelRegistry public immutable REGISTRY;

    mapping(bytes32 statement => Record record) private _records;
    /// @dev Apart from the records of subjects: facts that were proven for anything at all.
    mapping(bytes32 inferenceId => Inference inference) private _inferences;

    /// @param modelRegistry Verifies the proofs; must answer as a model registry by ERC-165.
    constructor(IModelRegistry modelRegistry) {
        modelRegistry.requireModelRegistry();
        REGISTRY = modelRegistry;
    }

    // For a subject

    /// @inheritdoc ISettlementRegistry
    function verifyAndSettle(
        uint256 modelId,
        bytes32 inputCommitment,
        uint256[] calldata words,
        bytes32 subject,
        uint256[8] calldata proof
    ) external {
        bytes32 keyId = _runningKeyOf(modelId);
        Record storage record = _records[_statementOf(modelId, inputCommitment, subject)];
        bytes32 wordsHash = StatementLib.hashWords(words);
        bytes32 recorded = record.wordsHash;
        if (recorded == wordsHash) return;
        if (recorded != 0) revert RecordConflict(recorded, wordsHash);

        REGISTRY.verify(keyId, inputCommitment, words, subject, proof);

        record.wordsHash = wordsHash;
        emit InferenceSettled(modelId, inputCommitment, subject, words);
    }

    /// @inheritdoc ISettlementRegistry
    /// @dev Writes before it verifies, unlike the single call: repeated statements then meet each other's records, the
    /// registry's views read none of them, and a revert takes them back. What is written is always verified.
    function verifyAndSettleBatch(ModelClaims[] calldata groups) external {
        ClaimBatch memory batch = ClaimBatchLib.create(_countClaims(groups));
        ModelTerms memory terms;
        uint256 index;
        for (uint256 i; i < groups.length; ++i) {
            Claim[] calldata claims = groups[i].claims;
            if (claims.length == 0) continue;
            terms.readFor(REGISTRY, groups[i].modelId, index);
            for (uint256 j; j < claims.length; ++j) {
                _settleItem(batch, terms, claims[j], index);
                ++index;
            }
        }
        batch.requireValid(REGISTRY);
    }

    /// @inheritdoc ISettlementRegistry
    function isSettled(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes32 subject,
        uint256[] calldata words
    ) external view returns (bool) {
        bytes32 recorded = _records[_statementOf(modelId, inputCommitment, subject)].wordsHash;
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
        bytes32 recorded = _records[_statementOf(modelId, inputCommitment, subject)].wordsHash;
        bytes32 wanted = StatementLib.hashWords(words);
        if (recorded != wanted) revert NotSettled(recorded, wanted);
        _runningKeyOf(modelId);
    }

    // ERC-7992

    /// @inheritdoc IERC7992Verifier
    function verifyInference(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes calldata output,
        bytes calldata proof
    ) external {
        _verifyInference(modelId, inputCommitment, output, proof);
    }

    /// @inheritdoc IERC7992Storage
    function verifyAndStoreInference(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes calldata output,
        bytes calldata proof
    ) external returns (bytes32 inferenceId) {
        uint256[] memory words = _verifyInference(modelId, inputCommitment, output, proof);
        inferenceId = keccak256(abi.encodePacked(modelId, inputCommitment, output));
        if (_inferences[inferenceId].modelId != 0) return inferenceId;
        _inferences[inferenceId] = Inference(modelId, inputCommitment, words);
        emit InferenceStored(inferenceId);
    }

    /// @inheritdoc IERC7992Storage
    function getInference(
        bytes32 inferenceId
    ) external view returns (uint256 modelId, bytes32 inputCommitment, bytes memory output) {
        Inference storage inference = _inferences[inferenceId];
        modelId = inference.modelId;
        if (modelId == 0) revert InferenceNotFound(inferenceId);
        _runningKeyOf(modelId);
        return (modelId, inference.inputCommitment, abi.encode(inference.words));
    }

    /// @inheritdoc IERC7992Verifier
    function proofSystemOf(uint256 modelId) external view returns (bytes4) {
        (ModelCommitment memory commitment, , ) = REGISTRY.getModel(modelId);
        return commitment.proofSystemId;
    }

    /// @inheritdoc IERC7992Verifier
    function registry() external view returns (address) {
        return address(REGISTRY);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return
            interfaceId == type(IERC165).interfaceId ||
            interfaceId == type(ISettlementRegistry).interfaceId ||
            interfaceId == type(IERC7992Verifier).interfaceId ||
            interfaceId == type(IERC7992Storage).interfaceId;
    }

    /// @dev Records an item and adds its claim to what the batch must prove, or says why the item is left out. The
    /// registry refuses a malformed claim; one that never gets there is refused here.
    function _settleItem(
        ClaimBatch memory batch,
        ModelTerms memory terms,
        Claim calldata claim,
        uint256 index
    ) private {
        (bytes32 inputCommitment, bytes32 subject) = (claim.inputCommitment, claim.subject);
        uint256[] calldata words = claim.words;
        uint256 modelId = terms.modelId;
        Record storage record = _records[_statementOf(modelId, inputCommitment, subject)];
        bytes32 wordsHash = StatementLib.hashWords(words);
        bytes32 recorded = record.wordsHash;
        if (recorded != 0 || terms.stopped) {
            FlawLib.revertOn(StatementLib.flawOf(inputCommitment, words, subject, terms.wordCount), index);
            SkipReason reason =
                terms.stopped
                    ? SkipReason.KeyStopped
                    : recorded == wordsHash
                        ? SkipReason.AlreadyRecorded
                        : SkipReason.RecordConflict;
            emit StatementSkipped(modelId, inputCommitment, subject, index, reason);
            return;
        }
        record.wordsHash = wordsHash;
        emit InferenceSettled(modelId, inputCommitment, subject, words);
        batch.append(index, terms.keyId, inputCommitment, words, subject, claim.proof);
    }

    function _countClaims(ModelClaims[] calldata groups) private pure returns (uint256 count) {
        for (uint256 i; i < groups.length; ++i) count += groups[i].claims.length;
    }

    /// @dev Returns the output's words if the proof is valid, else reverts.
    function _verifyInference(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes calldata output,
        bytes calldata proof
    ) private returns (uint256[] memory words) {
        (bytes32 keyId, , , bool deprecated) = REGISTRY.termsOf(modelId);
        if (deprecated) revert VerificationRefused_ModelDeprecated(modelId);
        words = _wordsOf(output);
        if (proof.length != PROOF_LENGTH) revert InvalidProof();
        (bytes32 subject, uint256[8] memory points) = abi.decode(proof, (bytes32, uint256[8]));

        try REGISTRY.verify(keyId, inputCommitment, words, subject, points) {
            emit InferenceVerified(modelId, inputCommitment, output, msg.sender);
        } catch (bytes memory reason) {
            // A registry that ran out of gas gives no reason.
            if (reason.length == 0 || bytes4(reason) == IModelRegistry.InvalidProof.selector) revert InvalidProof();
            FlawLib.revertOn(reason);
        }
    }

    /// @dev The words of an output in its canonical encoding: the offset 32, the count, then exactly so many words.
    function _wordsOf(bytes calldata output) private pure returns (uint256[] memory) {
        if (output.length < OUTPUT_HEAD || output.length % 32 != 0) revert OutputMismatch();
        (uint256 offset, uint256 count) = abi.decode(output, (uint256, uint256));
        if (offset != 32 || count != (output.length - OUTPUT_HEAD) / 32) revert OutputMismatch();
        return abi.decode(output, (uint256[]));
    }

    /// @dev The model's key; reverts if it is stopped.
    function _runningKeyOf(uint256 modelId) private view returns (bytes32 keyId) {
        bool stopped;
        (keyId, , stopped) = REGISTRY.statusOf(modelId);
        if (stopped) revert IModelRegistry.KeyIsStopped(keyId);
    }

    function _statementOf(uint256 modelId, bytes32 inputCommitment, bytes32 subject) private pure returns (bytes32) {
        return EfficientHashLib.hash(bytes32(modelId), inputCommitment, subject);
    }
}
