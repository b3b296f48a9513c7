// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Job} from "../types/Job.sol";

/// @title Takes a job's deposit from its client and its bond from its provider, in one way of paying
/// @notice Parties approve the collector (with Permit2, Permit2 itself), not the escrow: it has one escrow, keeps no balance, and takes no more than the
/// job says from whom the job names. Only the escrow calls, after it checked that this party agreed to the job.
interface IFundingCollector {
    /// @notice Only the escrow may collect.
    error NotEscrow(address caller, address escrow);

    /// @notice The only caller, and the only receiver of what is collected; immutable.
    function ESCROW() external view returns (address);

    /// @notice Moves exactly `job.amount` of `job.token` from `job.client` to the escrow. Escrow only.
    /// @param jobId EIP-712 digest of the job, for kinds whose signature must name it.
    /// @param fundingData What this kind needs beside the job.
    function collect(Job calldata job, bytes32 jobId, bytes calldata fundingData) external payable;

    /// @notice Moves exactly `job.bond` of `job.token` from `job.provider` to the escrow. Escrow only.
    function collectBond(Job calldata job, bytes32 jobId, bytes calldata fundingData) external payable;
}
