// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {InferenceEscrow} from "../../contracts/InferenceEscrow.sol";
import {IInferenceEscrow} from "../../contracts/interfaces/IInferenceEscrow.sol";
import {SignatureLib} from "../../contracts/libraries/SignatureLib.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {Job, JobState} from "../../contracts/types/Job.sol";
import {Market, newMarket} from "../invariants/Market.sol";
import {VM} from "../invariants/Vm.sol";

/// @title A chain that splits: what was signed and proven for one half is worth nothing on the other
contract ChainIdTest {
    uint256 private constant CLIENT_KEY = 0xC11E;

    Market private _market;
    InferenceEscrow private _escrow;
    Job private _job;
    /// @dev In storage, since the compiler takes `block.chainid` for the same throughout a transaction.
    uint256 private _chainId;

    function setUp() public {
        _chainId = block.chainid;
        _market = newMarket(0);
        _escrow = _market.ESCROW();
        TestToken token = new TestToken();
        (address client, address collector) = (VM.addr(CLIENT_KEY), address(_escrow.collectorOf(1)));
        token.mint(client, 10);
        VM.prank(client);
        token.approve(collector, 10);
        _job = Job({
            client: client,
            provider: address(0x9),
            token: address(token),
            amount: 1,
            bond: 0,
            modelId: _market.addModel(1, 0),
            inputCommitment: bytes32(uint256(5)),
            acceptBy: 0,
            deadline: uint64(block.timestamp + 1 days),
            funding: 1,
            nonce: 0
        });
    }

    /// @dev An escrow that remembered the id of its first chain would take both halves' signatures.
    function test_E8_ASignatureIsForTheChainThatKeptTheId() public {
        Job memory job = _job;
        bytes32 jobId = _escrow.hashJob(job);
        bytes memory signature = _sign(jobId);
        VM.chainId(_chainId + 1);
        bytes32 otherId = _escrow.hashJob(job);
        require(jobId != otherId, "job id of another chain");
        _requireRevert(
            abi.encodeCall(_escrow.openWithSignature, (job, signature, "")),
            abi.encodeWithSelector(SignatureLib.InvalidSignature.selector, job.client, otherId)
        );
        _escrow.openWithSignature(job, _sign(otherId), "");
        require(_escrow.stateOf(job) == JobState.Funded, "opened");
    }

    /// @dev The half that changes its id can neither settle nor refund; the half that keeps it does as if nothing happened.
    function test_AJobStaysWithTheIdThatItWasOpenedUnder() public {
        Job memory job = _job;
        bytes32 jobId = _escrow.hashJob(job);
        _escrow.openWithSignature(job, _sign(jobId), "");
        uint256[8] memory proof = _market.prove(job, 7, 1);
        VM.chainId(_chainId + 1);
        bytes memory mismatch = abi.encodeWithSelector(
            IInferenceEscrow.JobTermsMismatch.selector,
            jobId & ~bytes32(uint256(0xff)),
            _escrow.hashJob(job) & ~bytes32(uint256(0xff))
        );
        _requireRevert(abi.encodeCall(_escrow.settle, (job, _market.wordsOf(7), proof)), mismatch);
        _requireRevert(abi.encodeCall(_escrow.refund, (job)), mismatch);
        VM.chainId(_chainId);
        _escrow.settle(job, _market.wordsOf(7), proof);
        require(_escrow.stateOf(job) == JobState.Settled, "settled");
    }

    function _sign(bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(CLIENT_KEY, digest);
        return abi.encodePacked(r, s, v);
    }

    function _requireRevert(bytes memory call, bytes memory wanted) private {
        (bool success, bytes memory reason) = address(_escrow).call(call);
        require(!success && keccak256(reason) == keccak256(wanted), "not reverted as it should");
    }
}
