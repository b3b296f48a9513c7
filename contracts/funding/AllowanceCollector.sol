// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IFundingCollector} from "../interfaces/IFundingCollector.sol";
import {Job} from "../types/Job.sol";

/// @title AllowanceCollector
/// @notice Takes deposits by the client's allowance to this contract, given before or by an ERC-2612 permit.
contract AllowanceCollector is IFundingCollector {
    using SafeERC20 for IERC20;

    /// @inheritdoc IFundingCollector
    address public immutable ESCROW;

    /// @dev The deployer is the escrow: its constructor makes the collector.
    constructor() {
        ESCROW = msg.sender;
    }

    /// @inheritdoc IFundingCollector
    function collect(Job calldata job, bytes32, bytes calldata fundingData) external {
        if (msg.sender != ESCROW) revert NotEscrow(msg.sender, ESCROW);
        if (fundingData.length != 0) _tryPermit(job, fundingData);
        IERC20(job.token).safeTransferFrom(job.client, ESCROW, job.amount);
    }

    /// @dev A failing permit is no failure: anyone may submit it from the mempool first, and then the allowance is
    /// there. The transfer that follows decides.
    function _tryPermit(Job calldata job, bytes calldata fundingData) private {
        (uint256 deadline, uint8 v, bytes32 r, bytes32 s) = abi.decode(fundingData, (uint256, uint8, bytes32, bytes32));
        // solhint-disable-next-line no-empty-blocks
        try IERC20Permit(job.token).permit(job.client, address(this), job.amount, deadline, v, r, s) {} catch {}
    }
}
