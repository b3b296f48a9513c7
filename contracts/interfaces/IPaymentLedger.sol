// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IModelRegistry} from "./IModelRegistry.sol";

/// @title Tolls, royalties and what everybody can withdraw
/// @notice A settlement splits an amount into the provider's payout, the toll and the model's royalty, and credits each to
/// its owner. Credits wait until they are withdrawn, so nobody who cannot be paid holds up anybody else.
/// @dev Amounts are in the token's base units. Native ether is the token 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE.
interface IPaymentLedger {
    /// @notice A credit was paid out.
    event Withdrawn(address indexed owner, address indexed token, address indexed to, uint256 amount);

    /// @notice The toll is above the cap.
    error TollTooHigh(uint256 tollBps, uint256 maxTollBps);
    /// @notice A party, a token or a receiver must not be zero.
    error ZeroAddress();
    /// @notice What is paid to the contract itself would be locked: it can be no provider, toll collector or receiver.
    error InvalidReceiver(address to);
    /// @notice There is no contract at the token's address.
    error TokenWithoutCode(address token);
    /// @notice An amount must be 1 to `max`.
    error AmountOutOfRange(uint256 amount, uint256 max);
    /// @notice The token moved another amount into the contract than it had to; `received` is 0 where the balance fell.
    error DepositMismatch(uint256 received, uint256 wanted);
    /// @notice There is no credit to pay out.
    error NothingToWithdraw(address owner, address token);
    /// @notice The token took another amount out of the contract than was sent; `taken` is 0 where the balance rose.
    error WithdrawalMismatch(uint256 taken, uint256 wanted);

    /// @notice The registry that knows models and verifies proofs, immutable.
    function REGISTRY() external view returns (IModelRegistry);

    /// @notice Credited with the toll of every settlement, immutable.
    function TOLL_COLLECTOR() external view returns (address);

    /// @notice Hundredths of a percent of the amount, rounded down, taken as toll; at most 100, immutable.
    function TOLL_BPS() external view returns (uint16);

    /// @notice Pays all of the caller's credit in `token` to `to`.
    function withdraw(address token, address to) external;

    /// @notice Pays all of the owner's credit in `token` to the owner. Anyone may call.
    function withdrawFor(address token, address owner) external;

    /// @notice What `owner` can withdraw, in base units of `token`.
    function creditOf(address owner, address token) external view returns (uint256);
}
