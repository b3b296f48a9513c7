// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IPermit2} from "../interfaces/IPermit2.sol";
import {FundingCollector} from "./FundingCollector.sol";

/// @title Permit2Collector
/// @notice Takes by the party's Permit2 signature, with this contract as the spender and the job id as the nonce, so that
/// it pays for this job or for nothing: `fundingData` is `abi.encode(uint256 deadline, bytes signature)`.
contract Permit2Collector is FundingCollector {
    /// @notice Permit2, at one address on every chain. Where it is missing, this way of paying reverts.
    IPermit2 public constant PERMIT2 = IPermit2(0x000000000022D473030F116dDEE9F6B43aC78BA3);

    /// @inheritdoc FundingCollector
    function _take(
        address token,
        address from,
        uint256 amount,
        bytes32 jobId,
        bytes calldata fundingData
    ) internal override {
        (uint256 deadline, bytes memory signature) = abi.decode(fundingData, (uint256, bytes));
        PERMIT2.permitTransferFrom(
            IPermit2.PermitTransferFrom(IPermit2.TokenPermissions(token, amount), uint256(jobId), deadline),
            IPermit2.SignatureTransferDetails(ESCROW, amount),
            from,
            signature
        );
    }
}
