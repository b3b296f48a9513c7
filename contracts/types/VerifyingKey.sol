// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice A Groth16 key over BN254 for three public signals; γ is the generator of G2 and not part of it.
/// @dev A G1 point is (x, y). A G2 point is (x₁, x₀, y₁, y₀) with a coordinate x₀ + x₁·i, the order of EIP-197.
struct VerifyingKey {
    /// α in G1.
    uint256[2] alpha;
    /// β in G2.
    uint256[4] beta;
    /// δ in G2.
    uint256[4] delta;
    /// In G1: the constant term, then one point for each public signal.
    uint256[2][4] ic;
}
