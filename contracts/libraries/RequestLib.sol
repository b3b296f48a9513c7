// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ISettlementRegistry} from "../interfaces/ISettlementRegistry.sol";

/// @title Subjects of a consumer's requests: what a proof says that it is for
/// @dev A subject is the EIP-712 struct hash of a type that names chain, settlement registry and consumer itself, so that
/// it needs no domain: a proof made for it fits no other chain, registry, contract or request, and no job (a job id is a
/// hash of other length).
library RequestLib {
    bytes32 internal constant TYPE_HASH = keccak256(
        "Request(uint256 chainId,address settlementRegistry,address consumer,bytes32 request)"
    );

    /// @notice A request is identified by a hash that is not zero.
    error ZeroRequest();

    /// @dev The subject of a request of the calling contract, on the chain as it calls itself now.
    /// @param request What the consumer asks for: the EIP-712 struct hash of a type of its own that holds every
    /// parameter the answer will be used with (who, when, which round). Two requests with one hash share their proofs.
    function subjectOf(ISettlementRegistry settlements, bytes32 request) internal view returns (bytes32) {
        if (request == 0) revert ZeroRequest();
        return keccak256(abi.encode(TYPE_HASH, block.chainid, settlements, address(this), request));
    }
}
