// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice All that settlements need to know of one model, as read from its registry in this call.
struct ModelTerms {
    uint256 modelId;
    /// Zero until a model was read.
    bytes32 keyId;
    /// Words of an output.
    uint256 wordCount;
    /// Hundredths of a percent of a job's amount, for `royaltyTo`.
    uint256 royaltyBps;
    address royaltyTo;
    /// The key was stopped by a contradiction.
    bool stopped;
}
