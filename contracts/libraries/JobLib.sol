// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";

import {Job, JobState} from "../types/Job.sol";

/// @title Hashes of a job and the one slot that stores it
/// @dev A record is the job id with its lowest byte replaced by the state, under the key of its nonce.
library JobLib {
    bytes32 internal constant TYPE_HASH = keccak256(
        "Job(address client,address provider,address token,uint256 amount,uint256 bond,uint256 modelId,"
        "bytes32 inputCommitment,uint64 acceptBy,uint64 deadline,uint8 funding,uint256 nonce)"
    );

    uint256 private constant STATE_MASK = 0xff;

    /// @dev EIP-712 struct hash: every member is one word, so the encoding is the type hash and the struct as it lies in
    /// calldata. Copied whole, since checking each of the 11 members for stray high bits costs every settlement gas
    /// and finds nothing: `open` reads, hence checks, every short member before its hash is stored.
    function structHash(Job calldata job) internal pure returns (bytes32 digest) {
        bytes32 typeHash = TYPE_HASH;
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore(p, typeHash)
            calldatacopy(add(p, 0x20), job, 0x160)
            digest := keccak256(p, 0x180)
        }
    }

    /// @dev Where the record of a nonce lives: one for each client, provider and nonce, whatever the terms.
    function slotKey(Job calldata job) internal pure returns (bytes32) {
        return slotKey(job.client, job.provider, job.nonce);
    }

    function slotKey(address client, address provider, uint256 nonce) internal pure returns (bytes32) {
        return EfficientHashLib.hash(uint160(client), uint160(provider), nonce);
    }

    /// @dev The state from which a proof settles the job: a bond must have been put up.
    function settleableState(Job calldata job) internal pure returns (JobState) {
        return job.bond == 0 ? JobState.Funded : JobState.Accepted;
    }

    /// @dev What is stored for a job in `state`.
    function toRecord(bytes32 jobId, JobState state) internal pure returns (bytes32) {
        return terms(jobId) | bytes32(uint256(state));
    }

    /// @dev The state in a record; None in an empty one.
    function stateIn(bytes32 record) internal pure returns (JobState) {
        return JobState(uint256(record) & STATE_MASK);
    }

    /// @dev The high 248 bits of a job id or a record: what the terms are matched by.
    function terms(bytes32 idOrRecord) internal pure returns (bytes32) {
        return idOrRecord & ~bytes32(STATE_MASK);
    }
}
