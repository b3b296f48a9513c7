// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IPrepaidOrders} from "./interfaces/IPrepaidOrders.sol";
import {AnnouncementLib} from "./libraries/AnnouncementLib.sol";
import {ClaimBatch, ClaimBatchLib} from "./libraries/ClaimBatchLib.sol";
import {FlawLib} from "./libraries/FlawLib.sol";
import {JobLib} from "./libraries/JobLib.sol";
import {ModelTermsLib} from "./libraries/ModelTermsLib.sol";
import {SplitLib} from "./libraries/SplitLib.sol";
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

    /// @dev Bit n % 256 for nonce n.
    struct NonceWord {
        uint256 bits;
    }

    /// @dev What one client has with one provider.
    struct Account {
        mapping(address token => Deposit held) deposits;
        // Nonce n in word n / 256.
        mapping(uint256 index => NonceWord word) usedNonces;
    }

    /// @dev What consecutive items of a batch owe to the same parties, credited at once. The payout is the caller's.
    struct Dues {
        address token;
        address royaltyTo;
        uint256 payout;
        uint256 toll;
        uint256 royalty;
    }

    /// @inheritdoc IPrepaidOrders
    uint256 public immutable MAX_ORDER_LIFE;

    mapping(address client => mapping(address provider => Account account)) private _accounts;

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
        Deposit storage held = _accounts[client][provider].deposits[token];
        uint256 room = MAX_AMOUNT - held.balance;
        if (amount == 0 || amount > room) revert AmountOutOfRange(amount, room);

        // The token's code below finds the deposit already there.
        held.balance += amount;
        emit Deposited(client, provider, token, msg.sender, amount);

        uint256 balance = TokenLib.ownBalance(token);
        TokenLib.tryPermit(token, msg.sender, amount, permit);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        _requireReceived(token, balance, amount);
    }

    // Provider

    /// @inheritdoc IPrepaidOrders
    /// @dev All effects come before the one verification at the end, which undoes them if it fails. In between runs no code but
    /// this contract's and the registry's, so nobody can see or use what is not yet proven.
    /// What the items share goes from one to the next in memory: the domain, the model read last, what is owed so far.
    function settleOrders(SignedOrder[] calldata orders) external nonReentrantView {
        ClaimBatch memory batch = ClaimBatchLib.create(orders.length);
        ModelTerms memory terms;
        Dues memory dues;
        bytes32 domain = _domainSeparatorV4();
        for (uint256 i; i < orders.length; ++i) _settle(orders[i], i, domain, batch, terms, dues);
        _creditDues(dues);
        batch.requireValid(REGISTRY);
    }

    // Client

    /// @inheritdoc IPrepaidOrders
    function announceWithdrawal(address provider, address token, uint256 amount) external nonReentrantView {
        Deposit storage held = _accounts[msg.sender][provider].deposits[token];
        if (amount == 0 || amount > held.balance) revert AmountOutOfRange(amount, held.balance);
        // At most the balance, hence below 2^128; seconds since 1970 stay below 2^64 for longer than the sun shines.
        (held.announced, held.announcedAt) = (uint128(amount), uint64(block.timestamp));
        emit WithdrawalAnnounced(msg.sender, provider, token, amount, block.timestamp + MAX_ORDER_LIFE);
    }

    /// @inheritdoc IPrepaidOrders
    function cancelWithdrawal(address provider, address token) external nonReentrantView {
        Deposit storage held = _accounts[msg.sender][provider].deposits[token];
        if (held.announced == 0) revert NothingAnnounced(msg.sender, provider, token);
        (held.announced, held.announcedAt) = (0, 0);
        emit WithdrawalCancelled(msg.sender, provider, token);
    }

    /// @inheritdoc IPrepaidOrders
    function executeWithdrawal(address provider, address token) external nonReentrantView {
        Deposit storage held = _accounts[msg.sender][provider].deposits[token];
        // Check that the announcement's time has come and has not passed.
        (uint256 announced, uint256 maturesAt, uint256 expiresAt) = _announcement(held);
        if (announced == 0) revert NothingAnnounced(msg.sender, provider, token);
        if (!AnnouncementLib.isDue(maturesAt, expiresAt, block.timestamp)) {
            revert WithdrawalNotDue(maturesAt, expiresAt, block.timestamp);
        }
        uint256 balance = held.balance;
        if (balance == 0) revert NothingToWithdraw(msg.sender, token);

        uint256 amount = AnnouncementLib.taken(announced, balance);
        held.balance = balance - amount;
        (held.announced, held.announcedAt) = (0, 0);
        _credit(msg.sender, token, amount);
        emit WithdrawalExecuted(msg.sender, provider, token, amount);
    }

    // Views

    /// @inheritdoc IPrepaidOrders
    function depositOf(address client, address provider, address token) external view returns (uint256) {
        return _accounts[client][provider].deposits[token].balance;
    }

    /// @inheritdoc IPrepaidOrders
    function announcementOf(
        address client,
        address provider,
        address token
    ) external view returns (uint256 amount, uint256 maturesAt, uint256 expiresAt) {
        return _announcement(_accounts[client][provider].deposits[token]);
    }

    /// @inheritdoc IPrepaidOrders
    function isNonceUsed(address client, address provider, uint256 nonce) external view returns (bool) {
        return _accounts[client][provider].usedNonces[nonce >> 8].bits & (1 << (nonce & 0xff)) != 0;
    }

    /// @inheritdoc IPrepaidOrders
    function securedUntil(
        address client,
        address provider,
        address token,
        uint256 deadline
    ) external view returns (uint256) {
        Deposit storage held = _accounts[client][provider].deposits[token];
        return
            AnnouncementLib.secured(
                held.balance,
                held.announced,
                held.announcedAt,
                MAX_ORDER_LIFE,
                deadline,
                block.timestamp
            );
    }

    /// @inheritdoc IPrepaidOrders
    function hashOrder(Job calldata job) public view returns (bytes32) {
        return _hashTypedDataV4(job.structHash());
    }

    /// @dev Does everything for one item but the verification of its proof.
    function _settle(
        SignedOrder calldata order,
        uint256 index,
        bytes32 domain,
        ClaimBatch memory batch,
        ModelTerms memory terms,
        Dues memory dues
    ) private {
        (Job calldata job, uint256[] calldata words) = (order.job, order.words);
        bytes32 orderId = MessageHashUtils.toTypedDataHash(domain, job.structHash());
        FlawLib.revertOn(_termsFlaw(job), index);
        terms.readFor(REGISTRY, job.modelId, index);
        FlawLib.revertOn(StatementLib.flawOf(job.inputCommitment, words, orderId, terms.wordCount), index);
        FlawLib.revertOn(_signatureFlaw(job.client, orderId, order.r, order.vs), index);
        if (!_charge(job, orderId, terms.stopped, index)) return;
        _pay(job, orderId, words, terms, dues);
        batch.append(index, terms.keyId, job.inputCommitment, words, orderId, order.proof);
    }

    /// @dev Takes the nonce and the amount, or says why the chain's state excludes the order.
    function _charge(Job calldata job, bytes32 orderId, bool stopped, uint256 index) private returns (bool) {
        if (block.timestamp >= job.deadline) return _skip(orderId, index, SkipReason.DeadlinePassed);
        if (stopped) return _skip(orderId, index, SkipReason.KeyStopped);
        Account storage account = _accounts[job.client][msg.sender];
        (uint256 nonce, uint256 amount) = (job.nonce, job.amount);
        NonceWord storage word = account.usedNonces[nonce >> 8];
        uint256 bits = word.bits;
        uint256 bit = 1 << (nonce & 0xff);
        if (bits & bit != 0) return _skip(orderId, index, SkipReason.NonceUsed);
        Deposit storage held = account.deposits[job.token];
        uint256 balance = held.balance;
        if (balance < amount) return _skip(orderId, index, SkipReason.DepositTooSmall);

        word.bits = bits | bit;
        // No wrap: compared above.
        unchecked {
            held.balance = balance - amount;
        }
        return true;
    }

    function _skip(bytes32 orderId, uint256 index, SkipReason reason) private returns (bool) {
        emit OrderSkipped(orderId, index, reason);
        return false;
    }

    /// @dev Adds the parts of the amount to what is owed, which is credited first where it is owed to others.
    function _pay(
        Job calldata job,
        bytes32 orderId,
        uint256[] calldata words,
        ModelTerms memory terms,
        Dues memory dues
    ) private {
        (address token, uint256 amount) = (job.token, job.amount);
        if (token != dues.token || terms.royaltyTo != dues.royaltyTo) {
            _creditDues(dues);
            (dues.token, dues.royaltyTo) = (token, terms.royaltyTo);
            (dues.payout, dues.toll, dues.royalty) = (0, 0, 0);
        }
        (uint256 payout, uint256 toll, uint256 royalty) = SplitLib.split(amount, TOLL_BPS, terms.royaltyBps);
        // Each a sum of at most 128 numbers below 2^128.
        unchecked {
            dues.payout += payout;
            dues.toll += toll;
            dues.royalty += royalty;
        }
        emit OrderSettled(orderId, job.client, msg.sender, token, job.modelId, job.nonce, amount, words);
    }

    function _creditDues(Dues memory dues) private {
        _credit(msg.sender, dues.token, dues.payout);
        _credit(TOLL_COLLECTOR, dues.token, dues.toll);
        _credit(dues.royaltyTo, dues.token, dues.royalty);
    }

    /// @dev The error that a signature deserves which is not the client's. Recovery gives zero for a high s and for what is no
    /// signature, so zero as the client must not pass for its signer.
    function _signatureFlaw(
        address client,
        bytes32 orderId,
        bytes32 r,
        bytes32 vs
    ) private pure returns (bytes memory flaw) {
        (address recovered, , ) = ECDSA.tryRecover(orderId, r, vs);
        if (recovered != client || recovered == address(0)) {
            return abi.encodeWithSelector(OrderNotSigned.selector, orderId, recovered, client);
        }
    }

    /// @dev The error that terms deserve which no order of the caller's can have, ABI-encoded; empty for good ones. Reads every
    /// short member of the job but the client, hence refuses stray high bits in them. The caller, and with it the provider, is
    /// neither zero nor this contract, which never calls itself.
    function _termsFlaw(Job calldata job) private view returns (bytes memory flaw) {
        if (msg.sender != job.provider) return abi.encodeWithSelector(NotProvider.selector, msg.sender, job.provider);
        if (job.funding != FUNDING_PREPAID) {
            return abi.encodeWithSelector(NotPrepaid.selector, job.funding, FUNDING_PREPAID);
        }
        if (job.bond | job.acceptBy != 0) {
            return abi.encodeWithSelector(BondNotPrepaid.selector, job.bond, job.acceptBy);
        }
        address token = job.token;
        if (token == address(0)) return abi.encodeWithSelector(ZeroAddress.selector);
        if (token == TokenLib.NATIVE) return abi.encodeWithSelector(TokenIsNative.selector, token);
        uint256 amount = job.amount;
        if (amount == 0 || amount > MAX_AMOUNT) {
            return abi.encodeWithSelector(AmountOutOfRange.selector, amount, MAX_AMOUNT);
        }
        uint256 latest = block.timestamp + MAX_ORDER_LIFE;
        if (job.deadline > latest) return abi.encodeWithSelector(OrderLifeTooLong.selector, job.deadline, latest);
    }

    /// @dev What is announced and its half-open window; zeros if nothing is.
    function _announcement(
        Deposit storage held
    ) private view returns (uint256 amount, uint256 maturesAt, uint256 expiresAt) {
        amount = held.announced;
        if (amount == 0) return (0, 0, 0);
        (maturesAt, expiresAt) = AnnouncementLib.window(held.announcedAt, MAX_ORDER_LIFE);
    }
}
