// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IFundingCollector} from "../interfaces/IFundingCollector.sol";
import {Job} from "../types/Job.sol";

/// @title FundingCollector
/// @notice Lets the escrow that made it, and nobody else, take what a job's parties owe.
abstract contract FundingCollector is IFundingCollector {
    /// @inheritdoc IFundingCollector
    address public immutable ESCROW;

    modifier onlyEscrow() {
        if (msg.sender != ESCROW) revert NotEscrow(msg.sender, ESCROW);
        _;
    }

    /// @dev The deployer is the escrow: its constructor makes the collector.
    constructor() {
        ESCROW = msg.sender;
    }

    /// @inheritdoc IFundingCollector
    function collect(Job calldata job, bytes32 jobId, bytes calldata fundingData) external payable onlyEscrow {
        _take(job.token, job.client, job.amount, jobId, fundingData);
    }

    /// @inheritdoc IFundingCollector
    function collectBond(Job calldata job, bytes32 jobId, bytes calldata fundingData) external payable onlyEscrow {
        _take(job.token, job.provider, job.bond, jobId, fundingData);
    }

    /// @dev Moves exactly `amount` from `from` to the escrow.
    function _take(
        address token,
        address from,
        uint256 amount,
        bytes32 jobId,
        bytes calldata fundingData
    ) internal virtual;
}
