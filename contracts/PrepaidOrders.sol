// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IPrepaidOrders} from "./interfaces/IPrepaidOrders.sol";
import {ClaimBatch, ClaimBatchLib} from "./libraries/ClaimBatchLib.sol";
import {FlawLib} from "./libraries/FlawLib.sol";
import {JobLib} from "./libraries/JobLib.sol";
import {ModelTermsLib} from "./libraries/ModelTermsLib.sol";
import {StatementLib} from "./libraries/StatementLib.sol";
import {TokenLib} from "./libraries/TokenLib.sol";
import {PaymentLedger} from "./PaymentLedger.sol";
import {Job} from "./types/Job.sol";
import {ModelTerms} from "./types/ModelTerms.sol";
import {SignedOrder} from "./types/SignedOrder.sol";
import {SkipReason} from "./types/SkipReason.sol";

/// @title PrepaidOrders
/// @notice Holds deposits and pays signed orders out of them against proofs. Immutable; nobody has power over funds.
/// @dev Only `deposit` and the withdrawals of credits run foreign code, that of a token; they lock every function. The
/// others take no lock of their own: they call nothing but views of the registry.
contract PrepaidOrders is IPrepaidOrders, PaymentLedger, EIP712 {
    using ClaimBatchLib for ClaimBatch;
    using JobLib for Job;
    using ModelTermsLib for ModelTerms;
    using SafeERC20 for IERC20;

    /// @notice Shorter, a client could miss the time in which its withdrawal can be executed: it is as long.
    uint256 public constant SHORTEST_ORDER_LIFE = 10 minutes;
    /// @notice Longer, a client would wait too long for its own money.
    uint256 public constant LONGEST_ORDER_LIFE = 30 days;

    uint8 private constant FUNDING_PREPAID = 5;

    /// @dev A settlement reads and writes the first slot alone.
    struct Deposit {
        // Below 2^128.
        uint256 balance;
        // Zero exactly when nothing is announced.
        uint128 announced;
        uint64 announcedAt;
    }

    /// @inheritdoc IPrepaidOrders
    uint256 public immutable MAX_ORDER_LIFE;

    mapping(address client => mapping(address provider => mapping(address token => Deposit held))) private _deposits;
    // Bit `nonce % 256` of word `nonce / 256`.
    mapping(address client => mapping(address provider => mapping(uint256 index => uint256 bits))) private _usedNonces;

    /// @param registry Must answer as a model registry by ERC-165.
    /// @param tollCollector Credited with tolls; neither zero nor the contract itself.
    /// @param tollBps Hundredths of a percent, 0 to 100.
    /// @param maxOrderLife Seconds, 10 minutes to 30 days.
    constructor(
        IModelRegistry registry,
        address tollCollector,
        uint16 tollBps,
        uint256 maxOrderLife
    ) PaymentLedger(registry, tollCollector, tollBps) EIP712("Tollgate PrepaidOrders", "1") {
        if (maxOrderLife < SHORTEST_ORDER_LIFE || maxOrderLife > LONGEST_ORDER_LIFE) {
            revert OrderLifeOutOfRange(maxOrderLife, SHORTEST_ORDER_LIFE, LONGEST_ORDER_LIFE);
        }
        MAX_ORDER_LIFE = maxOrderLife;
    }

    // Anyone

    /// @inheritdoc IPrepaidOrders
    function deposit(
        address client,
        address provider,
        address token,
        uint256 amount,
        bytes calldata permit
    ) external nonReentrant {
        // Check that somebody can own the deposit, somebody be paid from it, and that it is of a token.
        if (client == address(0) || provider == address(0) || token == address(0)) revert ZeroAddress();
        if (client == address(this)) revert InvalidReceiver(client);
        if (provider == address(this)) revert InvalidReceiver(provider);
        if (token.code.length == 0) revert TokenWithoutCode(token);
        Deposit storage held = _deposits[client][provider][token];
        uint256 room = MAX_AMOUNT - held.balance;
        if (amount == 0 || amount > room) revert AmountOutOfRange(amount, room);

        // The token's code below finds the deposit already there.
        held.balance += amount;
        emit Deposited(client, provider, token, msg.sender, amount);

        uint256 balance = TokenLib.ownBalance(token);
        TokenLib.tryPermit(token, msg.sender, amount, permit);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = TokenLib.ownBalance(token) - balance;
        if (received != amount) revert DepositMismatch(received, amount);
    }

    /// @inheritdoc IPrepaidOrders
    /// @dev All effects come before the one verification at the end, which undoes them if it fails. In between runs no code but
    /// this contract's and the registry's, so nobody can see or use what is not yet proven.
    function settleOrders(SignedOrder[] calldata orders) external nonReentrantView {
        ClaimBatch memory batch = ClaimBatchLib.create(orders.length);
        ModelTerms memory terms;
        for (uint256 i; i < orders.length; ++i) {
            SignedOrder calldata order = orders[i];
            bytes32 orderId = hashOrder(order.job);
            _requireWellFormed(order, orderId, terms, i);
            if (!_charge(order.job, orderId, terms.stopped, i)) continue;
            _pay(order, orderId, terms);
            batch.append(i, terms.keyId, order.job.inputCommitment, order.words, orderId, order.proof);
        }
        batch.requireValid(REGISTRY);
    }

    // Client

    /// @inheritdoc IPrepaidOrders
    function announceWithdrawal(address provider, address token, uint256 amount) external nonReentrantView {
        Deposit storage held = _deposits[msg.sender][provider][token];
        if (amount == 0 || amount > held.balance) revert AmountOutOfRange(amount, held.balance);
        // At most the balance, hence below 2^128; seconds since 1970 stay below 2^64 for longer than the sun shines.
        (held.announced, held.announcedAt) = (uint128(amount), uint64(block.timestamp));
        emit WithdrawalAnnounced(msg.sender, provider, token, amount, block.timestamp + MAX_ORDER_LIFE);
    }

    /// @inheritdoc IPrepaidOrders
    function cancelWithdrawal(address provider, address token) external nonReentrantView {
        Deposit storage held = _deposits[msg.sender][provider][token];
        if (held.announced == 0) revert NothingAnnounced(msg.sender, provider, token);
        (held.announced, held.announcedAt) = (0, 0);
        emit WithdrawalCancelled(msg.sender, provider, token);
    }

    /// @inheritdoc IPrepaidOrders
    function executeWithdrawal(address provider, address token) external nonReentrantView {
        Deposit storage held = _deposits[msg.sender][provider][token];
        // Check that the announcement's time has come and has not passed.
        (uint256 announced, uint256 maturesAt, uint256 expiresAt) = _announcement(held);
        if (announced == 0) revert NothingAnnounced(msg.sender, provider, token);
        if (block.timestamp < maturesAt || block.timestamp >= expiresAt) {
            revert WithdrawalNotDue(maturesAt, expiresAt, block.timestamp);
        }
        uint256 balance = held.balance;
        if (balance == 0) revert NothingToWithdraw(msg.sender, token);

        uint256 amount = announced < balance ? announced : balance;
        held.balance = balance - amount;
        (held.announced, held.announcedAt) = (0, 0);
        _credit(msg.sender, token, amount);
        emit WithdrawalExecuted(msg.sender, provider, token, amount);
    }

    // Views

    /// @inheritdoc IPrepaidOrders
    function depositOf(address client, address provider, address token) external view returns (uint256) {
        return _deposits[client][provider][token].balance;
    }

    /// @inheritdoc IPrepaidOrders
    function announcementOf(
        address client,
        address provider,
        address token
    ) external view returns (uint256 amount, uint256 maturesAt, uint256 expiresAt) {
        return _announcement(_deposits[client][provider][token]);
    }

    /// @inheritdoc IPrepaidOrders
    function isNonceUsed(address client, address provider, uint256 nonce) external view returns (bool) {
        return _usedNonces[client][provider][nonce >> 8] & (1 << (nonce & 0xff)) != 0;
    }

    /// @inheritdoc IPrepaidOrders
    function securedUntil(
        address client,
        address provider,
        address token,
        uint256 deadline
    ) external view returns (uint256) {
        if (deadline <= block.timestamp || deadline > block.timestamp + MAX_ORDER_LIFE) return 0;
        Deposit storage held = _deposits[client][provider][token];
        (uint256 announced, uint256 maturesAt, uint256 expiresAt) = _announcement(held);
        if (maturesAt >= deadline || block.timestamp >= expiresAt) return held.balance;
        return announced < held.balance ? held.balance - announced : 0;
    }

    /// @inheritdoc IPrepaidOrders
    function hashOrder(Job calldata job) public view returns (bytes32) {
        return _hashTypedDataV4(job.structHash());
    }

    /// @dev Takes the nonce and the amount, or says why the chain's state excludes the order.
    function _charge(Job calldata job, bytes32 orderId, bool stopped, uint256 index) private returns (bool) {
        if (block.timestamp >= job.deadline) return _skip(orderId, index, SkipReason.DeadlinePassed);
        if (stopped) return _skip(orderId, index, SkipReason.KeyStopped);
        mapping(uint256 index => uint256 bits) storage used = _usedNonces[job.client][job.provider];
        uint256 bits = used[job.nonce >> 8];
        uint256 bit = 1 << (job.nonce & 0xff);
        if (bits & bit != 0) return _skip(orderId, index, SkipReason.NonceUsed);
        Deposit storage held = _deposits[job.client][job.provider][job.token];
        uint256 balance = held.balance;
        if (balance < job.amount) return _skip(orderId, index, SkipReason.DepositTooSmall);

        used[job.nonce >> 8] = bits | bit;
        // No wrap: compared above.
        unchecked {
            held.balance = balance - job.amount;
        }
        return true;
    }

    function _skip(bytes32 orderId, uint256 index, SkipReason reason) private returns (bool) {
        emit OrderSkipped(orderId, index, reason);
        return false;
    }

    function _pay(SignedOrder calldata order, bytes32 orderId, ModelTerms memory terms) private {
        Job calldata job = order.job;
        (uint256 payout, uint256 toll, uint256 royalty) = _creditSettlement(
            job.provider,
            job.token,
            job.amount,
            0,
            terms.royaltyBps,
            terms.royaltyTo
        );
        emit OrderSettled(
            orderId,
            job.client,
            job.provider,
            job.token,
            job.modelId,
            job.nonce,
            order.words,
            payout,
            toll,
            royalty
        );
    }

    /// @dev Refuses an item that nothing on the chain could make right, and reads its model's terms.
    function _requireWellFormed(
        SignedOrder calldata order,
        bytes32 orderId,
        ModelTerms memory terms,
        uint256 index
    ) private view {
        Job calldata job = order.job;
        FlawLib.revertOn(_termsFlaw(job), index);
        terms.readFor(REGISTRY, job.modelId, index);
        FlawLib.revertOn(StatementLib.flawOf(job.inputCommitment, order.words, orderId, terms.wordCount), index);
        // Recovers zero for a high s and for what is no signature, so zero as the client must not pass for its signer.
        (address recovered, , ) = ECDSA.tryRecover(orderId, order.r, order.vs);
        if (recovered != job.client || recovered == address(0)) {
            FlawLib.revertOn(abi.encodeWithSelector(OrderNotSigned.selector, orderId, recovered, job.client), index);
        }
    }

    /// @dev The error that terms deserve which no order can have, ABI-encoded; empty for good ones. Reads every short
    /// member of the job, hence refuses stray high bits in them.
    function _termsFlaw(Job calldata job) private view returns (bytes memory) {
        if (job.funding != FUNDING_PREPAID) {
            return abi.encodeWithSelector(NotPrepaid.selector, job.funding, FUNDING_PREPAID);
        }
        if (job.bond != 0 || job.acceptBy != 0) {
            return abi.encodeWithSelector(BondNotPrepaid.selector, job.bond, job.acceptBy);
        }
        if (job.provider == address(0) || job.token == address(0)) {
            return abi.encodeWithSelector(ZeroAddress.selector);
        }
        if (job.provider == address(this)) return abi.encodeWithSelector(InvalidReceiver.selector, job.provider);
        if (job.token == TokenLib.NATIVE) return abi.encodeWithSelector(TokenIsNative.selector, job.token);
        if (job.amount == 0 || job.amount > MAX_AMOUNT) {
            return abi.encodeWithSelector(AmountOutOfRange.selector, job.amount, MAX_AMOUNT);
        }
        uint256 latest = block.timestamp + MAX_ORDER_LIFE;
        if (job.deadline > latest) return abi.encodeWithSelector(OrderLifeTooLong.selector, job.deadline, latest);
        return "";
    }

    /// @dev What is announced and its half-open window; zeros if nothing is.
    function _announcement(
        Deposit storage held
    ) private view returns (uint256 amount, uint256 maturesAt, uint256 expiresAt) {
        amount = held.announced;
        if (amount == 0) return (0, 0, 0);
        maturesAt = held.announcedAt + MAX_ORDER_LIFE;
        expiresAt = maturesAt + MAX_ORDER_LIFE;
    }
}
