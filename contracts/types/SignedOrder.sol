// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Job} from "./Job.sol";

/// @notice A prepaid order with its client's signature and its proven output, one item of a batch.
struct SignedOrder {
    /// The terms, with funding 5 and neither a bond nor a time to accept.
    Job job;
    /// The packed output, each word below 2^253, as many as the model's key has.
    uint256[] words;
    /// A.x, A.y, B.x₁, B.x₀, B.y₁, B.y₀, C.x, C.y, made for the order's id.
    uint256[8] proof;
    /// First half of the client's ECDSA signature of the order's id.
    bytes32 r;
    /// Second half in the compact form of ERC-2098: the parity of R in the highest bit, s, which must be low, in the others.
    bytes32 vs;
}
