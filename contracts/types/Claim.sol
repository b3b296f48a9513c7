// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice One proven statement: a model's key maps this input to these words.
struct Claim {
    /// Poseidon commitment to the input, below the scalar field's order.
    bytes32 inputCommitment;
    /// The packed output, each word below 2^253, as many as the key has.
    uint256[] words;
    /// What the proof was made for: a job id or a consumer's request; never zero.
    bytes32 subject;
    /// A.x, A.y, B.x₁, B.x₀, B.y₁, B.y₀, C.x, C.y.
    uint256[8] proof;
}
