// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice What a model is, in the form of ERC-7992.
struct ModelCommitment {
    /// keccak256 of graph.json in RFC 8785 form: weights, codec, input ranges, the ONNX file's sha256.
    bytes32 modelHash;
    /// keccak256 of the r1cs file.
    bytes32 circuitHash;
    /// The key id: keccak256 of the key and its word count.
    bytes32 vkHash;
    /// `bytes4(keccak256("groth16-bn254-v1"))`, the only proof system there is.
    bytes4 proofSystemId;
    /// Where to find the model's files; checked by nobody on chain.
    string uri;
}
