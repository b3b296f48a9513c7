// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice Terms under which `client` pays `provider` for one inference. Its EIP-712 digest is the job id.
struct Job {
    /// Pays, and gets the refund.
    address client;
    /// Is paid when the proof verifies: of a job whoever submits it, of a prepaid order by itself only.
    address provider;
    /// ERC-20 of amount and bond, or 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE for native ether, with funding 3 only.
    address token;
    /// Price in the token's base units, 1 to 2^128 − 1; toll and royalty come out of it.
    uint256 amount;
    /// The provider's security in the token's base units, below 2^128.
    uint256 bond;
    /// Model of the registry whose output is bought.
    uint256 modelId;
    /// Commitment to the input; has a meaning only together with the model's key.
    bytes32 inputCommitment;
    /// Unix seconds before which the provider accepts; 0 exactly when there is no bond.
    uint64 acceptBy;
    /// Unix seconds: settled before it; a job is refunded from it on, from acceptBy on if its bond is missing, and once its
    /// key is stopped.
    uint64 deadline;
    /// How it is paid: 1 allowance or permit, 2 ERC-3009, 3 native, 4 Permit2 in the escrow; 5 from a prepaid deposit.
    uint8 funding;
    /// Chosen by the client, used once for each pair of client and provider.
    uint256 nonce;
}

/// @notice Where a job stands. Settled, Refunded and Revoked never change again.
enum JobState {
    None,
    Funded,
    Accepted,
    Settled,
    Refunded,
    Revoked
}
