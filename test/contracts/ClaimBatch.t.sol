// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {ClaimBatch, ClaimBatchLib} from "../../contracts/libraries/ClaimBatchLib.sol";
import {BatchSizeOutOfRange, ItemRefused} from "../../contracts/types/BatchError.sol";
import {Claim} from "../../contracts/types/Claim.sol";
import {ModelRegistry} from "../../contracts/ModelRegistry.sol";
import {deploy} from "../invariants/Deploy.sol";

/// @title What stands where the registry is asked: it reverts with the bytes it was given, or shows what it was sent
/// @dev Answers only to the one call; whether claims hold is for the tests that ask the real registry.
contract Listener {
    error Heard(bytes32[] keyIds, Claim[] claims);

    bytes private _answer;
    bool private _repeats;

    function answerWith(bytes calldata answer) external {
        _answer = answer;
    }

    function repeatWhatIsHeard() external {
        _repeats = true;
    }

    function verifyBatch(bytes32[] calldata keyIds, Claim[] calldata claims) external view {
        if (_repeats) revert Heard(keyIds, claims);
        bytes memory answer = _answer;
        assembly ("memory-safe") {
            if mload(answer) {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }
}

/// @title Gathering claims for the registry
contract ClaimBatchTest {
    using ClaimBatchLib for ClaimBatch;

    Listener private immutable LISTENER = new Listener();

    function test_SizeIsThatOfTheRegistrysBatches() public {
        address registry = deploy("ModelRegistry.sol:ModelRegistry", "");
        require(ClaimBatchLib.MAX_BATCH == ModelRegistry(registry).MAX_BATCH(), "size");
    }

    function test_TakesOneToMaxItems() public view {
        this.gather(IModelRegistry(address(LISTENER)), 1, new Claim[](0), 0, 0);
        this.gather(IModelRegistry(address(LISTENER)), 128, new Claim[](0), 0, 0);
        uint256[3] memory sizes = [uint256(0), 129, type(uint256).max];
        for (uint256 i; i < sizes.length; ++i) {
            bytes memory refusal = abi.encodeWithSelector(BatchSizeOutOfRange.selector, sizes[i], 128);
            _expectRevert(sizes[i], new Claim[](0), 0, 0, refusal);
        }
    }

    /// @dev The registry decodes exactly the claims, whatever their number and the memory between them.
    function testFuzz_SendsExactlyTheClaims(uint8 count, uint8 spare, uint256 seed, uint8 gap) public {
        Claim[] memory claims = _claims(count % 9, seed);
        if (claims.length == 0) return;
        bytes32[] memory keyIds = new bytes32[](claims.length);
        for (uint256 i; i < claims.length; ++i) keyIds[i] = _keyIdOf(i);
        LISTENER.repeatWhatIsHeard();
        bytes memory heard = abi.encodeWithSelector(Listener.Heard.selector, keyIds, claims);
        _expectRevert(claims.length + (spare % 9), claims, gap, 0, heard);
    }

    function testFuzz_SaysWhichOfTheCallersItemsIsRefused(uint8 position, uint8 gap, uint8 stride) public {
        Claim[] memory claims = _claims(5, 1);
        position %= 5;
        LISTENER.answerWith(abi.encodeWithSelector(ItemRefused.selector, position, hex"abcdef"));
        bytes memory translated = abi.encodeWithSelector(
            ItemRefused.selector,
            uint256(position) * (uint256(stride) + 1),
            hex"abcdef"
        );
        _expectRevert(8, claims, gap, stride, translated);
    }

    function test_PassesOnEveryOtherError() public {
        bytes[5] memory answers = [
            abi.encodeWithSelector(IModelRegistry.BatchProofInvalid.selector, 5),
            abi.encodeWithSelector(ItemRefused.selector, 5, hex"ab"),
            abi.encodeWithSelector(ItemRefused.selector, type(uint256).max, hex"ab"),
            abi.encodePacked(ItemRefused.selector, bytes31(0)),
            bytes(hex"01")
        ];
        for (uint256 i; i < answers.length; ++i) {
            LISTENER.answerWith(answers[i]);
            _expectRevert(8, _claims(5, 1), 0, 3, answers[i]);
        }
    }

    /// @dev The registry of this is no contract: asking would succeed, and not asking for nothing does.
    function test_AsksOnlyAContractAndOnlyAboutClaims() public view {
        IModelRegistry nobody = IModelRegistry(address(0xbeef));
        this.gather(nobody, 3, new Claim[](0), 0, 0);
        try this.gather(nobody, 3, _claims(1, 1), 0, 0) {
            require(false, "accepted");
        } catch (bytes memory reason) {
            bytes memory refusal = abi.encodeWithSelector(IModelRegistry.NotAModelRegistry.selector, nobody);
            require(keccak256(reason) == keccak256(refusal), "reason");
        }
    }

    function test_TakesNoMoreClaimsThanItems() public view {
        bytes memory panic = abi.encodeWithSignature("Panic(uint256)", 0x32);
        _expectRevert(4, _claims(5, 1), 0, 0, panic);
    }

    /// @dev Every claim appended, claim i as item i·(stride + 1), with `gap` bytes of the caller's own after each.
    function gather(
        IModelRegistry registry,
        uint256 items,
        Claim[] calldata claims,
        uint256 gap,
        uint256 stride
    ) external view {
        ClaimBatch memory batch = ClaimBatchLib.create(items);
        for (uint256 i; i < claims.length; ++i) {
            Claim calldata claim = claims[i];
            batch.append(i * (stride + 1), _keyIdOf(i), claim.inputCommitment, claim.words, claim.subject, claim.proof);
            bytes memory own = new bytes(gap);
            for (uint256 j; j < gap; ++j) own[j] = 0xff;
        }
        batch.requireValid(registry);
    }

    function _expectRevert(
        uint256 items,
        Claim[] memory claims,
        uint256 gap,
        uint256 stride,
        bytes memory wanted
    ) private view {
        try this.gather(IModelRegistry(address(LISTENER)), items, claims, gap, stride) {
            require(false, "accepted");
        } catch (bytes memory reason) {
            require(keccak256(reason) == keccak256(wanted), "reason");
        }
    }

    function _keyIdOf(uint256 index) private pure returns (bytes32) {
        return keccak256(abi.encode("key", index));
    }

    /// @dev Claims of 0 to 4 words without a zero byte in common.
    function _claims(uint256 count, uint256 seed) private pure returns (Claim[] memory claims) {
        claims = new Claim[](count);
        for (uint256 i; i < count; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            Claim memory claim = claims[i];
            (claim.inputCommitment, claim.subject) = (bytes32(random), bytes32(~random));
            claim.words = new uint256[](random % 5);
            for (uint256 j; j < claim.words.length; ++j) claim.words[j] = uint256(keccak256(abi.encode(random, j)));
            for (uint256 j; j < 8; ++j) claim.proof[j] = uint256(keccak256(abi.encode(j, random)));
        }
    }
}
