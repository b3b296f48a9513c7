// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Job} from "../types/Job.sol";
import {SignedOrder} from "../types/SignedOrder.sol";
import {SkipReason} from "../types/SkipReason.sol";
import {IPaymentLedger} from "./IPaymentLedger.sol";

/// @title Deposits that pay for many inferences, each against its signed order and its proof
/// @notice The cheap path for a client and a provider that trade often. Whoever likes fills a deposit of the client for one
/// provider and token; the client signs orders off chain; the provider settles them in batches, each before its deadline, and
/// the deposit pays what was proven. A client cannot take an order back: it gets what is left of its deposit by announcing a
/// withdrawal and waiting as long as an order lives.
/// @dev Amounts are in the token's base units, times in unix seconds. `L` is `MAX_ORDER_LIFE()`.
///
/// An order is a `Job` with funding 5, `bond` and `acceptBy` zero, under this contract's own EIP-712 domain
/// ("Tollgate PrepaidOrders", "1"): its digest is the order's id and the subject of its proof. A signature for an escrow
/// is none for this contract, and the reverse. Signatures are ECDSA with a low s: a client that is a contract can own a deposit
/// and withdraw it, but order nothing.
///
/// Only an order's provider settles it. Nonces and deposit are the pair's, and a client signs orders for itself as well: one over
/// a base unit with the nonce of an order that was served, or over the whole deposit under a model whose royalty is its own.
/// Were anyone free to settle, the client would see the words in the mempool, settle such an order first, and have the one that
/// was served left out. So a provider puts into a batch only orders that it served.
///
/// What a provider checks before it serves an order, all of it at one block deep enough to stay: that the client signed;
/// the nonce is unused; the model's key is one that it trusts and is not stopped; what the royalty of exactly this model leaves of
/// the amount is the price, since a client can register a trusted key with a royalty for itself; and, with D the latest deadline of this order
/// and all others of this client and token that it served, has not settled and whose deadlines have not passed, that
/// `securedUntil` D covers all of them. That holds only if D is at most now + L. Nothing that the client does afterwards takes
/// that money away: a withdrawal announced later matures at or after now + L, and one announced before is counted.
/// Warning: the order's own deadline in place of D is not enough. A withdrawal that matures between the two would take what
/// a longer order served before counts on.
///
/// | withdrawal of a deposit | call                                | allowed                                | next      |
/// | ----------------------- | ----------------------------------- | -------------------------------------- | --------- |
/// | none, announced         | `announceWithdrawal` by the client  | 1 ≤ amount ≤ deposit                   | announced at t = now |
/// | announced at t          | `cancelWithdrawal` by the client    | always                                 | none      |
/// | announced at t          | `executeWithdrawal` by the client   | t + L ≤ now < t + 2L, deposit not empty | none     |
///
/// A client signs no deadline more than L ahead: such an order cannot be settled yet, and it comes to life in its last L seconds,
/// from whatever is in the deposit then.
///
/// Deposits and settlements leave an announcement as it is. One that expired stands until it is replaced or cancelled, and
/// means nothing.
///
/// Tokens: ERC-20 with code only. Safety assumes that a token does not lower this contract's balance by itself (a rebasing one
/// can, at the expense of that token's users only). Liveness of a withdrawal assumes that the token lets this contract send
/// and takes exactly what was sent from its balance.
///
/// Warning: a provider that is a contract is paid only if it can call `settleOrders` itself. Warning: a client that can forge proofs under a key can stop the key after the words were shown, and is then not charged for
/// them. Providers serve no key whose setup the client could control. Warning: whoever signs one order here and opens
/// one job in an escrow for the same inference made two contracts and pays both, each against a proof of its own.
interface IPrepaidOrders is IPaymentLedger {
    /// @notice `payer` added `amount` to the client's deposit for one provider and token.
    event Deposited(
        address indexed client,
        address indexed provider,
        address indexed token,
        address payer,
        uint256 amount
    );
    /// @notice The client may withdraw up to `amount` of the deposit from `maturesAt` on, for L seconds. It replaces whatever
    /// was announced before.
    event WithdrawalAnnounced(
        address indexed client,
        address indexed provider,
        address indexed token,
        uint256 amount,
        uint256 maturesAt
    );
    /// @notice What the client announced is void.
    event WithdrawalCancelled(address indexed client, address indexed provider, address indexed token);
    /// @notice `amount` left the deposit for the client's credit; nothing is announced any more.
    event WithdrawalExecuted(address indexed client, address indexed provider, address indexed token, uint256 amount);
    /// @notice The order was proven and its amount paid out of the deposit: the toll of `TOLL_BPS` and the royalty of the model's
    /// terms, each rounded down, to their owners and the rest to the provider.
    event OrderSettled(
        bytes32 indexed orderId,
        address indexed client,
        address indexed provider,
        address token,
        uint256 modelId,
        uint256 nonce,
        uint256 amount,
        uint256[] words
    );
    /// @notice Item `index` of a batch was left out, since the chain's state excludes it.
    event OrderSkipped(bytes32 indexed orderId, uint256 index, SkipReason reason);

    /// @notice The longest life of an order must be `min` to `max` seconds.
    error OrderLifeOutOfRange(uint256 maxOrderLife, uint256 min, uint256 max);
    /// @notice Only the order's provider may settle it.
    error NotProvider(address caller, address provider);
    /// @notice Orders are of funding 5.
    error NotPrepaid(uint8 funding, uint8 wanted);
    /// @notice An order has no bond, and no time to accept.
    error BondNotPrepaid(uint256 bond, uint64 acceptBy);
    /// @notice Native ether cannot be deposited here.
    error TokenIsNative(address token);
    /// @notice The deadline is more than L seconds ahead, so a withdrawal could come before it.
    error OrderLifeTooLong(uint256 deadline, uint256 latest);
    /// @notice `recovered` signed the order's id and not its client; zero where nobody did, or with a high s.
    error OrderNotSigned(bytes32 orderId, address recovered, address client);
    /// @notice Nothing is announced that could be cancelled or executed.
    error NothingAnnounced(address client, address provider, address token);
    /// @notice The announced withdrawal can be executed from `maturesAt` on and before `expiresAt`.
    error WithdrawalNotDue(uint256 maturesAt, uint256 expiresAt, uint256 nowAt);

    /// @notice L: no order settles whose deadline is further ahead, and a withdrawal waits as long. Seconds, immutable.
    function MAX_ORDER_LIFE() external view returns (uint256);

    /// @notice Adds `amount` of the caller's tokens to the deposit from which `client` pays `provider`. Anyone may call.
    /// @dev Takes the caller's allowance to this contract, and exactly `amount`: a token that delivers another amount is refused.
    /// Leaves an announced withdrawal and its clock alone. Warning: the money is the client's from here on.
    /// @param amount 1 to 2^128 − 1 less what is in the deposit.
    /// @param permit Empty, or the caller's ERC-2612 permit over exactly `amount` as
    /// `abi.encode(uint256 deadline, uint8 v, bytes32 r, bytes32 s)`. One that fails is ignored where the allowance
    /// suffices, since anyone may have submitted it before.
    function deposit(address client, address provider, address token, uint256 amount, bytes calldata permit) external;

    /// @notice Starts the clock of a withdrawal from the caller's deposit, anew if one was announced. Client only.
    /// @param amount 1 to what is in the deposit now.
    function announceWithdrawal(address provider, address token, uint256 amount) external;

    /// @notice Makes an announcement void, so that the provider need not count with it. Client only.
    function cancelWithdrawal(address provider, address token) external;

    /// @notice Moves the announced amount, or what is left of the deposit if that is less, to the caller's credit, in
    /// [t + L, t + 2L) after an announcement at t. Client only.
    /// @dev Credits instead of paying out: so no token, paused or with a blocklist, can hold the client beyond its time, and all
    /// money leaves by `withdraw`.
    function executeWithdrawal(address provider, address token) external;

    /// @notice Pays the caller up to 128 orders out of their deposits, with one pairing check over all proofs. Provider of
    /// every order only.
    /// @dev In the order of the list. Left out with `OrderSkipped`: an order whose deadline has come, whose model's key is stopped,
    /// whose nonce is used, be it by an item before, or whose amount is more than what items before it left of the deposit. A
    /// model's deprecation is no reason: it ends new work, and what was signed stays owed.
    ///
    /// Reverts `BatchSizeOutOfRange`; `ItemRefused` with the index for an order that its sender could know to be wrong:
    /// `NotProvider`, `NotPrepaid`, `BondNotPrepaid`, `ZeroAddress` for the token, `TokenIsNative`, `AmountOutOfRange`,
    /// `OrderLifeTooLong`, `ModelNotFound`, `InputCommitmentOutOfRange`, `WordCountMismatch`, `WordTooLarge`,
    /// `OrderNotSigned`, checked in this sequence before anything that the chain's state decides; `ItemRefused` with
    /// `BatchKeysDiffer` for a key of another α or β than that of the first order that is left to prove; and
    /// `BatchProofInvalid` when one of their proofs is false or the call is starved of gas. Then nothing is settled and no
    /// nonce used.
    ///
    /// Toll and royalty round down, the rest is the caller's. Warning: an order that an estimate of gas leaves out for want of a
    /// deposit, which anyone can fill up in front, costs its whole settlement more than estimated. Warning: an order that the caller did not serve can use up the nonce
    /// or the deposit that pays for one that it served.
    function settleOrders(SignedOrder[] calldata orders) external;

    /// @notice The order's id: EIP-712 digest under this contract's domain on the current chain.
    function hashOrder(Job calldata job) external view returns (bytes32);

    /// @notice What is in a deposit.
    function depositOf(address client, address provider, address token) external view returns (uint256);

    /// @notice What the client may withdraw from `maturesAt` on and before `expiresAt`, at most; three zeros if nothing is
    /// announced. An announcement that expired is still told.
    function announcementOf(
        address client,
        address provider,
        address token
    ) external view returns (uint256 amount, uint256 maturesAt, uint256 expiresAt);

    /// @notice Whether an order of this pair was settled under the nonce.
    function isNonceUsed(address client, address provider, uint256 nonce) external view returns (bool);

    /// @notice What of a deposit nothing but settlements can take before `deadline`: the deposit, less an announced
    /// withdrawal that can be executed before then; zero if the deadline has come or is more than L seconds ahead.
    /// @dev Does not know of orders that were served and wait for their settlement: ask for the latest of all their deadlines,
    /// and subtract them.
    function securedUntil(
        address client,
        address provider,
        address token,
        uint256 deadline
    ) external view returns (uint256);
}
