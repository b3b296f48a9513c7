// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IERC7992Registry} from "./interfaces/IERC7992Registry.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {FlawLib} from "./libraries/FlawLib.sol";
import {Groth16BatchLib} from "./libraries/Groth16BatchLib.sol";
import {Groth16Lib} from "./libraries/Groth16Lib.sol";
import {KeyLib} from "./libraries/KeyLib.sol";
import {SplitLib} from "./libraries/SplitLib.sol";
import {StatementLib} from "./libraries/StatementLib.sol";
import {BatchSizeOutOfRange, LengthsDiffer} from "./types/BatchError.sol";
import {Claim} from "./types/Claim.sol";
import {ModelCommitment} from "./types/ModelCommitment.sol";
import {VerifyingKey} from "./types/VerifyingKey.sol";

/// @title ModelRegistry
/// @notice Keys as data, models as immutable commitments over them, and the only code that verifies their proofs.
contract ModelRegistry is IModelRegistry {
    using Groth16BatchLib for Groth16BatchLib.Batch;

    /// @notice `bytes4(keccak256("groth16-bn254-v1"))`, the proof system of every model here.
    bytes4 public constant PROOF_SYSTEM_ID = bytes4(keccak256("groth16-bn254-v1"));
    /// @notice A royalty is at most a tenth of the amount.
    uint16 public constant MAX_ROYALTY_BPS = SplitLib.MAX_ROYALTY_BPS;

    /// @notice A batch has at most this many claims: it bounds what one transaction can cost.
    uint256 public constant MAX_BATCH = 128;

    /// @dev One slot: all that a verification reads from storage.
    struct KeyRecord {
        // Contract whose code is a zero byte and the key's 18 words.
        address pointer;
        uint16 wordCount;
        bool stopped;
    }

    /// @dev A settlement reads the first two slots: the key id, and royalty with deprecation.
    struct ModelRecord {
        bytes32 keyId;
        address royaltyTo;
        uint16 royaltyBps;
        bool deprecated;
        address owner;
        bytes32 modelHash;
        bytes32 circuitHash;
        string uri;
    }

    mapping(bytes32 keyId => KeyRecord record) private _keys;
    mapping(uint256 modelId => ModelRecord record) private _models;

    // Keys

    /// @inheritdoc IModelRegistry
    function publishKey(VerifyingKey calldata key, uint16 wordCount) external returns (bytes32 keyId) {
        if (wordCount == 0) revert ZeroWordCount();
        keyId = KeyLib.idOf(key, wordCount);
        if (_keys[keyId].pointer != address(0)) return keyId;
        KeyLib.requireAcceptable(key);
        address pointer = SSTORE2.write(abi.encode(key));
        _keys[keyId] = KeyRecord({pointer: pointer, wordCount: wordCount, stopped: false});
        emit KeyPublished(keyId, msg.sender, pointer, wordCount);
    }

    /// @inheritdoc IModelRegistry
    function getKey(bytes32 keyId) external view returns (VerifyingKey memory key, uint16 wordCount, bool stopped) {
        KeyRecord memory record = _keyRecord(keyId);
        key = abi.decode(SSTORE2.read(record.pointer), (VerifyingKey));
        return (key, record.wordCount, record.stopped);
    }

    /// @inheritdoc IModelRegistry
    function isStopped(bytes32 keyId) external view returns (bool) {
        return _keyRecord(keyId).stopped;
    }

    /// @inheritdoc IModelRegistry
    function keyStatusOf(bytes32 keyId) external view returns (uint16 wordCount, bool stopped) {
        KeyRecord memory record = _keyRecord(keyId);
        return (record.wordCount, record.stopped);
    }

    /// @inheritdoc IModelRegistry
    function stop(bytes32 keyId, Claim calldata a, Claim calldata b) external {
        // Check that both claims hold, then that they contradict each other.
        _verify(keyId, a.inputCommitment, a.words, a.subject, a.proof);
        _verify(keyId, b.inputCommitment, b.words, b.subject, b.proof);
        if (a.inputCommitment != b.inputCommitment) revert InputCommitmentsDiffer(a.inputCommitment, b.inputCommitment);
        bytes32 wordsHash = StatementLib.hashWords(a.words);
        if (wordsHash == StatementLib.hashWords(b.words)) revert WordsAgree(wordsHash);
        _keys[keyId].stopped = true;
        emit KeyStopped(keyId, msg.sender, a, b);
    }

    // Models

    /// @inheritdoc IERC7992Registry
    function registerModel(ModelCommitment calldata commitment) external returns (uint256 modelId) {
        return _register(commitment, 0, address(0));
    }

    /// @inheritdoc IModelRegistry
    function registerModel(
        ModelCommitment calldata commitment,
        uint16 royaltyBps,
        address royaltyTo
    ) external returns (uint256 modelId) {
        return _register(commitment, royaltyBps, royaltyTo);
    }

    /// @inheritdoc IERC7992Registry
    function updateModel(uint256 modelId, ModelCommitment calldata) external pure {
        revert ModelIsImmutable(modelId);
    }

    /// @inheritdoc IERC7992Registry
    function deprecateModel(uint256 modelId) external {
        ModelRecord storage model = _modelRecord(modelId);
        if (msg.sender != model.owner) revert NotModelOwner(modelId, msg.sender);
        if (model.deprecated) revert ModelIsDeprecated(modelId);
        model.deprecated = true;
        emit ModelDeprecated(modelId);
    }

    /// @inheritdoc IERC7992Registry
    function getModel(
        uint256 modelId
    ) external view returns (ModelCommitment memory commitment, bool deprecated, address owner) {
        ModelRecord storage model = _modelRecord(modelId);
        commitment = ModelCommitment({
            modelHash: model.modelHash,
            circuitHash: model.circuitHash,
            vkHash: model.keyId,
            proofSystemId: PROOF_SYSTEM_ID,
            uri: model.uri
        });
        return (commitment, model.deprecated, model.owner);
    }

    /// @inheritdoc IModelRegistry
    function termsOf(
        uint256 modelId
    ) external view returns (bytes32 keyId, uint16 royaltyBps, address royaltyTo, bool deprecated) {
        ModelRecord storage model = _models[modelId];
        keyId = model.keyId;
        if (keyId == 0) revert ModelNotFound(modelId);
        return (keyId, model.royaltyBps, model.royaltyTo, model.deprecated);
    }

    // Proofs

    /// @inheritdoc IModelRegistry
    function verify(
        bytes32 keyId,
        bytes32 inputCommitment,
        uint256[] calldata words,
        bytes32 subject,
        uint256[8] calldata proof
    ) external view {
        _verify(keyId, inputCommitment, words, subject, proof);
    }

    /// @inheritdoc IModelRegistry
    function verifyFor(
        uint256 modelId,
        bytes32 inputCommitment,
        uint256[] calldata words,
        bytes32 subject,
        uint256[8] calldata proof
    ) external view returns (uint16 royaltyBps, address royaltyTo) {
        ModelRecord storage model = _modelRecord(modelId);
        _verify(model.keyId, inputCommitment, words, subject, proof);
        return (model.royaltyBps, model.royaltyTo);
    }

    /// @inheritdoc IModelRegistry
    function verifyBatch(bytes32[] calldata keyIds, Claim[] calldata claims) external view {
        if (!_readBatch(keyIds, claims).isValid()) revert BatchProofInvalid(claims.length);
    }

    /// @inheritdoc IModelRegistry
    function findInvalid(bytes32[] calldata keyIds, Claim[] calldata claims) external view returns (uint256[] memory) {
        return _readBatch(keyIds, claims).findInvalid();
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return
            interfaceId == type(IERC165).interfaceId ||
            interfaceId == type(IERC7992Registry).interfaceId ||
            interfaceId == type(IModelRegistry).interfaceId;
    }

    function _register(
        ModelCommitment calldata commitment,
        uint16 royaltyBps,
        address royaltyTo
    ) private returns (uint256 modelId) {
        if (_keyRecord(commitment.vkHash).stopped) revert KeyIsStopped(commitment.vkHash);
        _requireComplete(commitment);
        if (royaltyBps > MAX_ROYALTY_BPS) revert RoyaltyTooHigh(royaltyBps, MAX_ROYALTY_BPS);
        if ((royaltyBps == 0) != (royaltyTo == address(0))) revert RoyaltyReceiverMismatch(royaltyBps, royaltyTo);

        modelId = _modelIdOf(commitment, royaltyBps, royaltyTo);
        if (_models[modelId].keyId != 0) revert ModelExists(modelId);
        _models[modelId] = ModelRecord({
            keyId: commitment.vkHash,
            royaltyTo: royaltyTo,
            royaltyBps: royaltyBps,
            deprecated: false,
            owner: msg.sender,
            modelHash: commitment.modelHash,
            circuitHash: commitment.circuitHash,
            uri: commitment.uri
        });
        emit ModelRegistered(modelId, msg.sender, commitment);
        if (royaltyBps != 0) emit RoyaltySet(modelId, royaltyBps, royaltyTo);
    }

    function _modelIdOf(
        ModelCommitment calldata commitment,
        uint16 royaltyBps,
        address royaltyTo
    ) private view returns (uint256) {
        bytes32 keyId = commitment.vkHash;
        return
            uint256(
                keccak256(
                    abi.encode(block.chainid, address(this), msg.sender, keyId, commitment, royaltyBps, royaltyTo)
                )
            );
    }

    function _requireComplete(ModelCommitment calldata commitment) private pure {
        if (commitment.proofSystemId != PROOF_SYSTEM_ID) {
            revert UnsupportedProofSystem(commitment.proofSystemId, PROOF_SYSTEM_ID);
        }
        if (commitment.modelHash == 0 || commitment.circuitHash == 0) {
            revert ZeroHash(commitment.modelHash, commitment.circuitHash);
        }
    }

    /// @dev Returns if the proof is valid, else reverts.
    function _verify(
        bytes32 keyId,
        bytes32 inputCommitment,
        uint256[] calldata words,
        bytes32 subject,
        uint256[8] calldata proof
    ) private view {
        KeyRecord storage key = _keys[keyId];
        (address pointer, uint256 wordCount, bool stopped) = (key.pointer, key.wordCount, key.stopped);
        if (pointer == address(0)) revert KeyNotFound(keyId);
        if (stopped) revert KeyIsStopped(keyId);
        FlawLib.revertOn(StatementLib.flawOf(inputCommitment, words, subject, wordCount));

        (uint256 input, uint256 output, uint256 context) = StatementLib.signalsOf(
            keyId,
            inputCommitment,
            words,
            subject
        );
        if (!Groth16Lib.isValid(pointer, input, output, context, proof)) {
            revert InvalidProof(keyId, input, output, context);
        }
    }

    /// @dev The claims with their signals and keys; reverts with the index of the first that is malformed.
    function _readBatch(
        bytes32[] calldata keyIds,
        Claim[] calldata claims
    ) private view returns (Groth16BatchLib.Batch memory batch) {
        uint256 count = claims.length;
        if (keyIds.length != count) revert LengthsDiffer(keyIds.length, count);
        if (count == 0 || count > MAX_BATCH) revert BatchSizeOutOfRange(count, MAX_BATCH);
        batch = Groth16BatchLib.create(count);
        Groth16BatchLib.Key memory key;
        // Not the first claim's, so that its key is looked up.
        key.id = ~keyIds[0];
        for (uint256 i; i < count; ++i) {
            bytes32 keyId = keyIds[i];
            if (key.id != keyId) key = batch.keys[_keyIndexOf(batch, keyId, i)];
            Claim calldata claim = claims[i];
            uint256[] calldata words = claim.words;
            (bytes32 input, bytes32 subject) = (claim.inputCommitment, claim.subject);
            FlawLib.revertOn(StatementLib.flawOf(input, words, subject, key.wordCount), i);
            (uint256 s0, uint256 s1, uint256 s2) = StatementLib.signalsOf(keyId, input, words, subject);
            batch.setClaim(i, key, s0, s1, s2, claim.proof);
        }
    }

    /// @dev Position of a claim's key among the batch's, to which it is added if it is new there.
    function _keyIndexOf(
        Groth16BatchLib.Batch memory batch,
        bytes32 keyId,
        uint256 claimIndex
    ) private view returns (uint256 index) {
        index = batch.indexOf(keyId);
        if (index == batch.keys.length) FlawLib.revertOn(_addKey(batch, keyId), claimIndex);
    }

    /// @dev Adds a key to a batch; the error that it deserves, ABI-encoded, if it cannot be in it.
    function _addKey(Groth16BatchLib.Batch memory batch, bytes32 keyId) private view returns (bytes memory flaw) {
        KeyRecord storage key = _keys[keyId];
        (address pointer, uint256 wordCount, bool stopped) = (key.pointer, key.wordCount, key.stopped);
        if (pointer == address(0)) return abi.encodeWithSelector(KeyNotFound.selector, keyId);
        if (stopped) return abi.encodeWithSelector(KeyIsStopped.selector, keyId);
        if (!batch.addKey(keyId, pointer, wordCount)) {
            return abi.encodeWithSelector(BatchKeysDiffer.selector, keyId, batch.keys[0].id);
        }
    }

    function _keyRecord(bytes32 keyId) private view returns (KeyRecord memory record) {
        record = _keys[keyId];
        if (record.pointer == address(0)) revert KeyNotFound(keyId);
    }

    function _modelRecord(uint256 modelId) private view returns (ModelRecord storage model) {
        model = _models[modelId];
        if (model.keyId == 0) revert ModelNotFound(modelId);
    }
}
