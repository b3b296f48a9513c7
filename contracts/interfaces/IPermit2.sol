// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title What is used of Permit2, at 0x000000000022D473030F116dDEE9F6B43aC78BA3 on every chain that has it
interface IPermit2 {
    struct TokenPermissions {
        address token;
        uint256 amount;
    }

    struct PermitTransferFrom {
        TokenPermissions permitted;
        uint256 nonce;
        uint256 deadline;
    }

    struct SignatureTransferDetails {
        address to;
        uint256 requestedAmount;
    }

    /// @notice Moves tokens by the owner's signature, which names token, amount, the calling contract, nonce and deadline.
    function permitTransferFrom(
        PermitTransferFrom calldata permit,
        SignatureTransferDetails calldata transferDetails,
        address owner,
        bytes calldata signature
    ) external;
}
