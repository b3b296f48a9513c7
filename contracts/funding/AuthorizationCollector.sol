// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {TokenLib} from "../libraries/TokenLib.sol";
import {FundingCollector} from "./FundingCollector.sol";

/// @title AuthorizationCollector
/// @notice Takes by an ERC-3009 authorization to this contract whose nonce is the job id, so that it pays for this job
/// or for nothing: `fundingData` is `abi.encode(uint256 validAfter, uint256 validBefore, uint8 v, bytes32 r, bytes32 s)`.
contract AuthorizationCollector is FundingCollector {
    using SafeERC20 for IERC20;

    /// @notice The authorization brought another sum than is due.
    error AuthorizationMismatch(uint256 received, uint256 wanted);

    /// @inheritdoc FundingCollector
    /// @dev `receiveWithAuthorization` works for its receiver only, so nobody can take an authorization that waits in the
    /// mempool and leave it here without a job.
    /// A token that knows no authorizations may accept the call by its fallback and move nothing: what was left here before,
    /// by a mistake of its owner, must not pay for the job.
    function _take(
        address token,
        address from,
        uint256 amount,
        bytes32 jobId,
        bytes calldata fundingData
    ) internal override {
        (uint256 validAfter, uint256 validBefore, uint8 v, bytes32 r, bytes32 s) = abi.decode(
            fundingData,
            (uint256, uint256, uint8, bytes32, bytes32)
        );
        uint256 balance = TokenLib.ownBalance(token);
        IERC3009(token).receiveWithAuthorization(from, address(this), amount, validAfter, validBefore, jobId, v, r, s);
        uint256 held = TokenLib.ownBalance(token);
        uint256 received = held > balance ? held - balance : 0;
        if (received != amount) revert AuthorizationMismatch(received, amount);
        IERC20(token).safeTransfer(ESCROW, amount);
    }
}
