// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Job} from "./Job.sol";

/// @notice A job with its proven output, one item of a batch.
struct Delivery {
    /// The terms.
    Job job;
    /// The packed output, each word below 2^253, as many as the model's key has.
    uint256[] words;
    /// A.x, A.y, B.x₁, B.x₀, B.y₁, B.y₀, C.x, C.y, made for the job's id.
    uint256[8] proof;
}
