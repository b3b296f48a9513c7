// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Job} from "../types/Job.sol";

/// @title Takes a job's deposit from its client, in one way of paying
/// @notice Clients approve the collector, not the escrow: it has one escrow, one function and no balance.
interface IFundingCollector {
    /// @notice Only the escrow may collect.
    error NotEscrow(address caller, address escrow);

    /// @notice The only caller, and the only receiver of what is collected; immutable.
    function ESCROW() external view returns (address);

    /// @notice Moves exactly `job.amount` of `job.token` from `job.client` to the escrow. Escrow only.
    /// @param jobId EIP-712 digest of the job, for kinds whose signature must name it.
    /// @param fundingData What this kind needs beside the job.
    function collect(Job calldata job, bytes32 jobId, bytes calldata fundingData) external;
}
