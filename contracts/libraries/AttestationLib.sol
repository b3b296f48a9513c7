// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title What an issuer signs about a private input
/// @dev EIP-712, in the domain of the consumer: chain and contract are in the domain, so an attestation is good for one
/// consumer on one chain. The key id is signed because a commitment has a meaning only together with one.
library AttestationLib {
    bytes32 internal constant TYPE_HASH = keccak256(
        "Attestation(bytes32 keyId,address holder,bytes32 inputCommitment,uint64 expiry)"
    );

    /// @notice The signature is not the issuer's, or an ECDSA signature with a high s.
    error AttestationNotSigned(address issuer, bytes32 digest);
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

    /// @dev Returns if the attestation runs and `signature` is the issuer's: by ECDSA, then by ERC-1271. Both are tried,
    /// whether or not the issuer has code: an account can have both a key and code (EIP-7702). The call of the issuer
    /// is static and its gas the caller's, so an issuer can refuse and nothing else.
    function requireSigned(bytes32 digest, address issuer, uint64 expiry, bytes calldata signature) internal view {
        if (block.timestamp >= expiry) revert AttestationExpired(expiry, block.timestamp);
        (address signer, ECDSA.RecoverError error, ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (error == ECDSA.RecoverError.NoError && signer == issuer) return;
        if (SignatureChecker.isValidERC1271SignatureNowCalldata(issuer, digest, signature)) return;
        revert AttestationNotSigned(issuer, digest);
    }
}
