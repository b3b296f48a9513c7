// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Events of ERC-8183 (draft, agentic commerce), so that its indexers follow an escrow's jobs
/// @dev A job's id is the job id as a number. The evaluator is the escrow: a proof decides. Of a settlement, indexers read
/// `JobSettled`, which says in one event what `JobSubmitted`, `JobCompleted` and `PaymentReleased` would in three, for a
/// third of their gas.
interface IERC8183Events {
    /// @notice A job exists. `hook` is zero.
    event JobCreated(
        uint256 indexed jobId,
        address indexed client,
        address indexed provider,
        address evaluator,
        uint256 expiredAt,
        address hook
    );
    /// @notice The client's deposit is in.
    event JobFunded(uint256 indexed jobId, address indexed client, uint256 amount);
    /// @notice The deadline passed without a proof.
    event JobExpired(uint256 indexed jobId);
    /// @notice The client was credited with its deposit, and a bond that it won.
    event Refunded(uint256 indexed jobId, address indexed client, uint256 amount);
}
