// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Job, JobState} from "../types/Job.sol";
import {IFundingCollector} from "./IFundingCollector.sol";
import {IModelRegistry} from "./IModelRegistry.sol";

/// @title Deposits that pay for an inference only against its proof
/// @notice A client locks a job's amount; a valid proof made for that job before the deadline splits it between
/// provider, toll and royalty; from the deadline on, or as soon as the model's key is stopped, it goes back. Nobody can
/// change, delay or take a deposit otherwise.
/// @dev Amounts are in the token's base units, times in unix seconds.
///
/// Tokens: ERC-20 only. An ERC-721 token whose id is the amount 1 could be taken and never leave. Safety assumes that a
/// token does not lower the escrow's balance by itself (a rebasing one can, at the expense of that token's users only).
/// Liveness of a withdrawal assumes that the token lets the escrow send and takes exactly what was sent from its balance:
/// a withdrawal from one that charges the escrow on top, or moves less or nothing, reverts and leaves the credit.
///
/// `settle`, `refund` and `withdrawFor` are open to anyone, and each works once: whoever calls one inside a longer
/// transaction can be made to revert by somebody who calls it first. The money is then where it belongs all the same.
interface IInferenceEscrow {
    /// @notice `job` is open. Emitted before its deposit is taken, in a call that reverts unless exactly that arrives.
    event JobOpened(bytes32 indexed jobId, address indexed client, address indexed provider, Job job);
    /// @notice The job was proven and paid; payout + toll + royalty is its amount.
    event JobSettled(
        bytes32 indexed jobId,
        address indexed provider,
        uint256[] words,
        uint256 payout,
        uint256 toll,
        uint256 royalty
    );
    /// @notice The deposit went back to the client's credit.
    event JobRefunded(bytes32 indexed jobId, address indexed client, uint256 amount);
    /// @notice A credit was paid out.
    event Withdrawn(address indexed owner, address indexed token, address indexed to, uint256 amount);

    /// @notice The toll is above the cap.
    error TollTooHigh(uint256 tollBps, uint256 maxTollBps);
    /// @notice Only the job's client may open it.
    error NotClient(address caller, address client);
    /// @notice A job needs a provider, a token and a receiver other than zero.
    error ZeroAddress();
    /// @notice The job's way of paying is not the supported one.
    error FundingNotSupported(uint8 funding, uint8 supported);
    /// @notice There is no contract at the token's address.
    error TokenWithoutCode(address token);
    /// @notice Native ether is not an ERC-20 and cannot be taken by allowance.
    error NativeTokenNeedsNativeFunding(address token, uint8 funding);
    /// @notice A bond needs a provider's acceptance, which this escrow does not take.
    error BondsNotSupported(uint256 bond);
    /// @notice `acceptBy` is zero exactly when the bond is.
    error AcceptByWithoutBond(uint64 acceptBy);
    /// @notice The amount must be 1 to `max`.
    error AmountOutOfRange(uint256 amount, uint256 max);
    /// @notice This pair of client and provider used the nonce before; `state` is where that job stands.
    error NonceUsed(address client, address provider, uint256 nonce, JobState state);
    /// @notice The deadline is not after the block's time.
    error DeadlinePassed(uint256 deadline, uint256 nowAt);
    /// @notice The deadline is still to come and the key is not stopped.
    error RefundNotDue(uint256 deadline, uint256 nowAt);
    /// @notice The token moved another amount into the escrow than the job's.
    error DepositMismatch(uint256 received, uint256 wanted);
    /// @notice The token took another amount out of the escrow than the credit; `taken` is 0 where the balance rose.
    error WithdrawalMismatch(uint256 taken, uint256 wanted);
    /// @notice The nonce holds a job with other terms; ids without their lowest byte.
    error JobTermsMismatch(bytes32 recorded, bytes32 given);
    /// @notice The job is in another state than the call needs.
    error JobNotInState(bytes32 jobId, JobState state, JobState wanted);
    /// @notice There is no credit to pay out.
    error NothingToWithdraw(address owner, address token);
    /// @notice What is paid to the escrow itself would be locked: it can be no provider, toll collector or receiver.
    error InvalidReceiver(address to);

    /// @notice The registry that knows models and verifies proofs, immutable.
    function REGISTRY() external view returns (IModelRegistry);

    /// @notice Takes deposits by allowance or ERC-2612 permit: what clients approve. Immutable.
    function ALLOWANCE_COLLECTOR() external view returns (IFundingCollector);

    /// @notice Credited with the toll of every settlement, immutable.
    function TOLL_COLLECTOR() external view returns (address);

    /// @notice Hundredths of a percent of the amount, rounded down, taken as toll; at most 100, immutable.
    function TOLL_BPS() external view returns (uint16);

    /// @notice Opens a job and takes its amount from the caller, who must be its client, before its deadline.
    /// @dev The model must be registered and not deprecated, its key not stopped. A token that delivers another amount
    /// than asked, such as one with a fee on transfers, is refused.
    /// @param fundingData Empty, or `abi.encode(uint256 deadline, uint8 v, bytes32 r, bytes32 s)` of an ERC-2612
    /// permit over exactly `job.amount` for the collector. A permit that fails is ignored where the allowance suffices,
    /// since anyone may have submitted it before.
    /// @return jobId EIP-712 digest of the job: what the proof must be made for.
    function open(Job calldata job, bytes calldata fundingData) external returns (bytes32 jobId);

    /// @notice Pays the job's provider against a proof, strictly before the deadline. Anyone may call.
    /// @dev A failed verification reverts and changes nothing. Toll and royalty round down, the rest is the provider's.
    /// @param words The model's output, readable by everybody from here on.
    function settle(Job calldata job, uint256[] calldata words, uint256[8] calldata proof) external;

    /// @notice Credits the client with the deposit, from the deadline on or once the model's key is stopped. Anyone may
    /// call.
    function refund(Job calldata job) external;

    /// @notice Pays all of the caller's credit in `token` to `to`.
    function withdraw(address token, address to) external;

    /// @notice Pays all of the owner's credit in `token` to the owner. Anyone may call.
    function withdrawFor(address token, address owner) external;

    /// @notice The job id: EIP-712 digest under this escrow's domain on the current chain.
    function hashJob(Job calldata job) external view returns (bytes32);

    /// @notice Where exactly these terms stand: None while the nonce is unused, Revoked for whatever terms once the nonce
    /// was revoked; reverts `JobTermsMismatch` when it went to other terms.
    function stateOf(Job calldata job) external view returns (JobState);

    /// @notice What `owner` can withdraw, in base units of `token`.
    function creditOf(address owner, address token) external view returns (uint256);
}
