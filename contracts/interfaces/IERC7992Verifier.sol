// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title The verifier face of ERC-7992 (draft): facts without a context
/// @notice "Under this model's key the committed input gives this output": shown once, said in an event, for nobody in
/// particular.
/// @dev Warning: nothing here authorises a payment. The subject of a proof is its maker's choice and is not in the event,
/// so a proof made for a job or for another contract's request passes as well, any number of times, whoever sends it.
/// A contract that acts for one request asks `ISettlementRegistry` about a subject that it derived itself.
interface IERC7992Verifier {
    /// @notice A proof of this output was verified in this transaction.
    event InferenceVerified(
        uint256 indexed modelId,
        bytes32 indexed inputCommitment,
        bytes output,
        address indexed caller
    );

    /// @notice The proof is false, is not 288 bytes long, or the call ran out of gas while it was verified.
    error InvalidProof();
    /// @notice Part of the standard; never raised here, where a proof of another model is a false proof.
    error ModelMismatch();
    /// @notice Part of the standard; never raised here, where a proof of another input is a false proof.
    error InputCommitmentMismatch();
    /// @notice The output is not `abi.encode(uint256[] words)` to the byte.
    error OutputMismatch();
    /// @notice Part of the standard; never raised here, where no model has another proof system.
    error UnsupportedProofSystem(bytes4 proofSystemId);
    /// @notice The model's owner withdrew it from new work.
    error VerificationRefused_ModelDeprecated(uint256 modelId);

    /// @notice Returns and emits `InferenceVerified` if `proof` shows that the model maps the committed input to `output`;
    /// reverts in every other case. Anyone may call.
    /// @dev Checks in this order: model known (`ModelNotFound`) and not deprecated, encoding of the output, length of the
    /// proof, then as `IModelRegistry.verify` and with its errors, but for `InvalidProof()`. Stateless.
    /// Warning: a call starved of gas reverts on a valid proof too. Never read a revert as "the proof is false".
    /// @param output `abi.encode(uint256[] words)`, the canonical encoding only: one output has one form.
    /// @param proof `abi.encode(bytes32 subject, uint256[8] proof)`: what the proof was made for, not zero, and the proof.
    function verifyInference(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes calldata output,
        bytes calldata proof
    ) external;

    /// @notice `bytes4(keccak256("groth16-bn254-v1"))` for every model; reverts `ModelNotFound` for an unknown one.
    function proofSystemOf(uint256 modelId) external view returns (bytes4);

    /// @notice The registry of the models, immutable.
    function registry() external view returns (address registryAddress);
}
