// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Whether an account signed
library SignatureLib {
    /// @notice Neither the account's key nor, by ERC-1271, the account itself signed the digest.
    error InvalidSignature(address signer, bytes32 digest);

    /// @dev Enough for a signature in Solidity over another curve, and a bound on what a hostile account can burn.
    uint256 internal constant ERC1271_GAS = 400_000;

    /// @dev Reverts unless `signer` signed: by ECDSA with a low s first, whether the account has code or not (EIP-7702), then by
    /// ERC-1271. No ERC-6492: deploying the account would be an arbitrary call.
    function requireSigned(address signer, bytes32 digest, bytes calldata signature) internal view {
        (address recovered, ECDSA.RecoverError error_, ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (error_ == ECDSA.RecoverError.NoError && recovered == signer) return;
        // A static call to an account that its own terms name; whatever it answers, nothing but this signature depends on it.
        (bool success, bytes memory answer) = signer.staticcall{gas: ERC1271_GAS}(
            abi.encodeCall(IERC1271.isValidSignature, (digest, signature))
        );
        bool valid = success && answer.length >= 32 && bytes32(answer) == bytes32(IERC1271.isValidSignature.selector);
        if (!valid) revert InvalidSignature(signer, digest);
    }
}
