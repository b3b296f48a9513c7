// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {InferenceEscrow} from "../../contracts/InferenceEscrow.sol";
import {ModelRegistry} from "../../contracts/ModelRegistry.sol";
import {Groth16Lib} from "../../contracts/libraries/Groth16Lib.sol";
import {Claim} from "../../contracts/types/Claim.sol";
import {Job} from "../../contracts/types/Job.sol";
import {ModelCommitment} from "../../contracts/types/ModelCommitment.sol";
import {deploy} from "./Deploy.sol";
import {Trapdoor} from "./Trapdoor.sol";

/// @title Registry, escrow and models over keys whose trapdoor is known: every proof passes the real verifier
contract Market {
    address internal constant TOLL_COLLECTOR = address(0x7011);
    address internal constant ROYALTY_RECEIVER = address(0x2047);

    ModelRegistry public immutable REGISTRY = ModelRegistry(deploy("ModelRegistry.sol:ModelRegistry", ""));
    InferenceEscrow public immutable ESCROW;

    mapping(uint256 modelId => uint256 variant) private _variants;

    constructor(uint16 tollBps) {
        bytes memory arguments = abi.encode(REGISTRY, TOLL_COLLECTOR, tollBps);
        ESCROW = InferenceEscrow(deploy("InferenceEscrow.sol:InferenceEscrow", arguments));
    }

    /// @dev Publishes the key of a variant and registers a model over it.
    function addModel(uint256 variant, uint16 royaltyBps) public returns (uint256 modelId) {
        bytes32 keyId = REGISTRY.publishKey(Trapdoor.key(variant), 1);
        modelId = REGISTRY.registerModel(
            ModelCommitment({
                modelHash: bytes32(uint256(1)),
                circuitHash: bytes32(uint256(2)),
                vkHash: keyId,
                proofSystemId: REGISTRY.PROOF_SYSTEM_ID(),
                uri: ""
            }),
            royaltyBps,
            royaltyBps == 0 ? address(0) : ROYALTY_RECEIVER
        );
        _variants[modelId] = variant;
    }

    /// @dev Key id of a model.
    function keyOf(uint256 modelId) public view returns (bytes32 keyId) {
        (keyId, , , ) = REGISTRY.termsOf(modelId);
    }

    /// @dev A valid proof that the job's input gives `word`.
    function prove(Job memory job, uint256 word, uint256 randomness) public view returns (uint256[8] memory) {
        return _prove(job.modelId, job.inputCommitment, word, ESCROW.hashJob(job), randomness);
    }

    /// @dev The same for a subject of anybody's.
    function proveFor(
        Job memory job,
        uint256 word,
        bytes32 subject,
        uint256 randomness
    ) public view returns (uint256[8] memory) {
        return _prove(job.modelId, job.inputCommitment, word, subject, randomness);
    }

    /// @dev A word in the form of the calls.
    function wordsOf(uint256 word) public pure returns (uint256[] memory words) {
        words = new uint256[](1);
        words[0] = word;
    }

    /// @dev The proof with A and B negated: other bytes, valid as well.
    function malleate(uint256[8] memory proof) public pure returns (uint256[8] memory) {
        proof[1] = Groth16Lib.Q - proof[1];
        proof[4] = Groth16Lib.Q - proof[4];
        // A coordinate of B may be zero only with negligible probability; zero negated would be refused as Q.
        proof[5] = Groth16Lib.Q - proof[5];
        return proof;
    }

    /// @dev Stops the key of a model by two contradicting proofs.
    function stopKey(uint256 modelId) public {
        REGISTRY.stop(keyOf(modelId), _claim(modelId, 1), _claim(modelId, 2));
    }

    function _claim(uint256 modelId, uint256 word) private view returns (Claim memory) {
        (bytes32 input, bytes32 subject) = (bytes32(uint256(3)), bytes32(uint256(4)));
        return
            Claim({
                inputCommitment: input,
                words: wordsOf(word),
                subject: subject,
                proof: _prove(modelId, input, word, subject, word)
            });
    }

    function _prove(
        uint256 modelId,
        bytes32 input,
        uint256 word,
        bytes32 subject,
        uint256 randomness
    ) private view returns (uint256[8] memory) {
        bytes32 wordsHash = keccak256(abi.encodePacked(word));
        uint256 context = uint256(keccak256(abi.encode(keyOf(modelId), input, subject, wordsHash))) >> 3;
        return Trapdoor.prove(_variants[modelId], [uint256(input), word, context], randomness);
    }
}

/// @dev A market of its own registry and escrow.
function newMarket(uint16 tollBps) returns (Market) {
    return Market(deploy("Market.sol:Market", abi.encode(tollBps)));
}
