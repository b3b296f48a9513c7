// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ModelRegistry} from "../../contracts/ModelRegistry.sol";
import {StatementLib} from "../../contracts/libraries/StatementLib.sol";
import {Claim} from "../../contracts/types/Claim.sol";
import {deploy} from "../invariants/Deploy.sol";
import {Trapdoor} from "../invariants/Trapdoor.sol";

/// @title A batch against the same claims one by one, over any mixture of keys and of true and false claims
contract VerifyBatchTest {
    uint256 private constant KEYS = 3;

    ModelRegistry private _registry;
    bytes32[KEYS] private _keyIds;

    function setUp() public {
        _registry = ModelRegistry(deploy("ModelRegistry.sol:ModelRegistry", ""));
        for (uint256 i; i < KEYS; ++i) _keyIds[i] = _registry.publishKey(Trapdoor.key(i), 1);
    }

    /// @dev `size` decides how many claims there are, each byte of `shape` which key claim i has and what is wrong.
    function testFuzz_BatchSaysWhatSingleCallsSay(uint8 size, bytes32 shape, uint256 seed) public view {
        uint256 count = 1 + (size % 9);
        bytes32[] memory keyIds = new bytes32[](count);
        Claim[] memory claims = new Claim[](count);
        bool[] memory valid = new bool[](count);
        uint256 invalidCount;
        for (uint256 i; i < count; ++i) {
            uint256 variant = uint8(shape[i]) % KEYS;
            keyIds[i] = _keyIds[variant];
            claims[i] = _claim(variant, uint256(keccak256(abi.encode(seed, i))));
            _falsify(claims[i], uint8(shape[i]) / KEYS);
            valid[i] = _holds(keyIds[i], claims[i]);
            if (!valid[i]) ++invalidCount;
        }
        require(_batchHolds(keyIds, claims) == (invalidCount == 0), "the batch and single calls disagree");

        uint256[] memory found = _registry.findInvalid(keyIds, claims);
        require(found.length == invalidCount, "another number of false claims was found");
        for (uint256 i; i < found.length; ++i) {
            require(!valid[found[i]], "a valid claim was found");
            require(i == 0 || found[i] > found[i - 1], "the order is not ascending");
        }
    }

    function _claim(uint256 variant, uint256 seed) private view returns (Claim memory claim) {
        claim.inputCommitment = bytes32((seed >> 4) | 1);
        claim.words = new uint256[](1);
        claim.words[0] = uint256(keccak256(abi.encode(seed))) >> 3;
        claim.subject = bytes32(seed | 1);
        bytes32 wordsHash = keccak256(abi.encodePacked(claim.words));
        uint256 context = StatementLib.contextOf(_keyIds[variant], claim.inputCommitment, claim.subject, wordsHash);
        claim.proof = Trapdoor.prove(variant, [uint256(claim.inputCommitment), claim.words[0], context], seed);
    }

    /// @dev Ten kinds of 86 change the claim, so that about half of the batches hold.
    function _falsify(Claim memory claim, uint256 kind) private pure {
        if (kind < 8) claim.proof[kind] ^= 1;
        else if (kind == 8) claim.words[0] ^= 1;
        else if (kind == 9) claim.subject ^= bytes32(uint256(2));
    }

    function _holds(bytes32 keyId, Claim memory claim) private view returns (bool) {
        try _registry.verify(keyId, claim.inputCommitment, claim.words, claim.subject, claim.proof) {
            return true;
        } catch {
            return false;
        }
    }

    function _batchHolds(bytes32[] memory keyIds, Claim[] memory claims) private view returns (bool) {
        try _registry.verifyBatch(keyIds, claims) {
            return true;
        } catch {
            return false;
        }
    }
}
