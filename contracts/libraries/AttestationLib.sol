// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SignatureLib} from "./SignatureLib.sol";

/// @title What an issuer signs about a private input
/// @dev EIP-712, in the domain of the consumer: chain and contract are in the domain, so an attestation is good for one
/// consumer on one chain. The key id is signed because a commitment has a meaning only together with one.
library AttestationLib {
    bytes32 internal constant TYPE_HASH = keccak256(
        "Attestation(bytes32 keyId,address holder,bytes32 inputCommitment,uint64 expiry)"
    );

    /// @notice An attestation ends at `expiry`, unix seconds.
    error AttestationExpired(uint64 expiry, uint256 nowAt);

    /// @dev The EIP-712 struct hash: `holder`'s input opens `inputCommitment`, until `expiry` (unix seconds).
    function structHash(
        bytes32 keyId,
        address holder,
        bytes32 inputCommitment,
        uint64 expiry
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPE_HASH, keyId, holder, inputCommitment, expiry));
    }

    /// @dev Returns if the attestation runs and the issuer signed its EIP-712 `digest`; else reverts, with
    /// `SignatureLib.InvalidSignature` where the signature is not the issuer's.
    function requireSigned(bytes32 digest, address issuer, uint64 expiry, bytes calldata signature) internal view {
        if (block.timestamp >= expiry) revert AttestationExpired(expiry, block.timestamp);
        SignatureLib.requireSigned(issuer, digest, signature);
    }
}
