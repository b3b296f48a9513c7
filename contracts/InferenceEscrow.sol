// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {AllowanceCollector} from "./funding/AllowanceCollector.sol";
import {IFundingCollector} from "./interfaces/IFundingCollector.sol";
import {IInferenceEscrow} from "./interfaces/IInferenceEscrow.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {FlawLib} from "./libraries/FlawLib.sol";
import {JobLib} from "./libraries/JobLib.sol";
import {RegistryLib} from "./libraries/RegistryLib.sol";
import {StatementLib} from "./libraries/StatementLib.sol";
import {Job, JobState} from "./types/Job.sol";

/// @title InferenceEscrow
/// @notice Holds deposits and pays them against proofs. Immutable; nobody has power over funds.
contract InferenceEscrow is IInferenceEscrow, EIP712, ReentrancyGuardTransient {
    using JobLib for Job;
    using RegistryLib for IModelRegistry;
    using SafeERC20 for IERC20;

    /// @notice A toll is at most one percent of the amount.
    uint16 public constant MAX_TOLL_BPS = 100;

    uint256 private constant BASIS_POINTS = 10_000;
    uint256 private constant MAX_AMOUNT = type(uint128).max;
    uint8 private constant FUNDING_ALLOWANCE = 1;
    address private constant NATIVE_TOKEN = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    /// @inheritdoc IInferenceEscrow
    IModelRegistry public immutable REGISTRY;
    /// @inheritdoc IInferenceEscrow
    IFundingCollector public immutable ALLOWANCE_COLLECTOR;
    /// @inheritdoc IInferenceEscrow
    address public immutable TOLL_COLLECTOR;
    /// @inheritdoc IInferenceEscrow
    uint16 public immutable TOLL_BPS;

    mapping(bytes32 slotKey => bytes32 record) private _jobs;
    mapping(address owner => mapping(address token => uint256 amount)) private _credits;

    /// @param registry Must answer as a model registry by ERC-165.
    /// @param tollCollector Credited with tolls; neither zero nor the escrow itself.
    /// @param tollBps Hundredths of a percent, 0 to 100.
    constructor(
        IModelRegistry registry,
        address tollCollector,
        uint16 tollBps
    ) EIP712("Tollgate InferenceEscrow", "1") {
        registry.requireModelRegistry();
        if (tollCollector == address(0)) revert ZeroAddress();
        if (tollCollector == address(this)) revert InvalidReceiver(tollCollector);
        if (tollBps > MAX_TOLL_BPS) revert TollTooHigh(tollBps, MAX_TOLL_BPS);
        REGISTRY = registry;
        TOLL_COLLECTOR = tollCollector;
        TOLL_BPS = tollBps;
        ALLOWANCE_COLLECTOR = new AllowanceCollector();
    }

    // Client

    /// @inheritdoc IInferenceEscrow
    function open(Job calldata job, bytes calldata fundingData) external nonReentrant returns (bytes32 jobId) {
        // Check that the caller may open these terms now.
        if (msg.sender != job.client) revert NotClient(msg.sender, job.client);
        _requireValidTerms(job);
        if (block.timestamp >= job.deadline) revert DeadlinePassed(job.deadline, block.timestamp);
        _requireLiveModel(job.modelId);

        // Check that the nonce is new, then take it: the token's code below finds the job already there.
        jobId = hashJob(job);
        bytes32 slotKey = job.slotKey();
        JobState state = JobLib.stateIn(_jobs[slotKey]);
        if (state != JobState.None) revert NonceUsed(job.client, job.provider, job.nonce, state);
        _jobs[slotKey] = JobLib.toRecord(jobId, JobState.Funded);
        emit JobOpened(jobId, job.client, job.provider, job);

        _collect(job, jobId, fundingData);
    }

    // Anyone

    /// @inheritdoc IInferenceEscrow
    /// @dev Locked while another function runs, and takes no lock itself: it calls nothing but views of the registry.
    function settle(Job calldata job, uint256[] calldata words, uint256[8] calldata proof) external nonReentrantView {
        bytes32 jobId = hashJob(job);
        // Check that the job waits for its proof, and before its deadline.
        bytes32 slotKey = _fundedSlot(job, jobId);
        if (block.timestamp >= job.deadline) revert DeadlinePassed(job.deadline, block.timestamp);

        // Check the proof: a view of the immutable registry that returns only if it is valid.
        (bytes32 keyId, uint16 royaltyBps, address royaltyTo, ) = REGISTRY.termsOf(job.modelId);
        REGISTRY.verify(keyId, job.inputCommitment, words, jobId, proof);

        _jobs[slotKey] = JobLib.toRecord(jobId, JobState.Settled);
        (uint256 payout, uint256 toll, uint256 royalty) = _splitDown(job.amount, royaltyBps);
        address token = job.token;
        _credit(job.provider, token, payout);
        _credit(TOLL_COLLECTOR, token, toll);
        _credit(royaltyTo, token, royalty);
        emit JobSettled(jobId, job.provider, words, payout, toll, royalty);
    }

    /// @inheritdoc IInferenceEscrow
    function refund(Job calldata job) external nonReentrant {
        bytes32 jobId = hashJob(job);
        bytes32 slotKey = _fundedSlot(job, jobId);
        // Check that no proof can settle it any more. From the deadline on this asks nobody else.
        if (block.timestamp < job.deadline) {
            (, , bool stopped) = REGISTRY.statusOf(job.modelId);
            if (!stopped) revert RefundNotDue(job.deadline, block.timestamp);
        }

        _jobs[slotKey] = JobLib.toRecord(jobId, JobState.Refunded);
        _credit(job.client, job.token, job.amount);
        emit JobRefunded(jobId, job.client, job.amount);
    }

    // Owners of credits

    /// @inheritdoc IInferenceEscrow
    function withdraw(address token, address to) external nonReentrant {
        if (to == address(0)) revert ZeroAddress();
        if (to == address(this)) revert InvalidReceiver(to);
        _withdraw(msg.sender, token, to);
    }

    /// @inheritdoc IInferenceEscrow
    function withdrawFor(address token, address owner) external nonReentrant {
        if (owner == address(this)) revert InvalidReceiver(owner);
        _withdraw(owner, token, owner);
    }

    // Views

    /// @inheritdoc IInferenceEscrow
    function stateOf(Job calldata job) external view returns (JobState) {
        bytes32 record = _jobs[job.slotKey()];
        JobState state = JobLib.stateIn(record);
        if (state != JobState.None && state != JobState.Revoked) _requireTerms(record, hashJob(job));
        return state;
    }

    /// @inheritdoc IInferenceEscrow
    function creditOf(address owner, address token) external view returns (uint256) {
        return _credits[owner][token];
    }

    /// @inheritdoc IInferenceEscrow
    function hashJob(Job calldata job) public view returns (bytes32) {
        return _hashTypedDataV4(job.structHash());
    }

    /// @dev Asks the collector for the deposit and checks by the balance that exactly the amount came.
    function _collect(Job calldata job, bytes32 jobId, bytes calldata fundingData) private {
        uint256 balance = IERC20(job.token).balanceOf(address(this));
        ALLOWANCE_COLLECTOR.collect(job, jobId, fundingData);
        uint256 received = IERC20(job.token).balanceOf(address(this)) - balance;
        if (received != job.amount) revert DepositMismatch(received, job.amount);
    }

    /// @dev Empties the credit before the token's code runs, and checks by the balance that exactly the credit left: no
    /// more, which would be others' money, and no less, or anyone could burn a credit while the token only pretends.
    function _withdraw(address owner, address token, address to) private {
        uint256 amount = _credits[owner][token];
        if (amount == 0) revert NothingToWithdraw(owner, token);
        _credits[owner][token] = 0;
        emit Withdrawn(owner, token, to, amount);

        uint256 balance = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransfer(to, amount);
        uint256 left = IERC20(token).balanceOf(address(this));
        uint256 taken = left < balance ? balance - left : 0;
        if (taken != amount) revert WithdrawalMismatch(taken, amount);
    }

    /// @dev Toll and royalty round down, the payout is the rest.
    function _splitDown(
        uint256 amount,
        uint256 royaltyBps
    ) private view returns (uint256 payout, uint256 toll, uint256 royalty) {
        // An open job's amount is below 2^128; the toll is at most 1 % of it, the royalty at most 10 %.
        unchecked {
            toll = (amount * TOLL_BPS) / BASIS_POINTS;
            royalty = (amount * royaltyBps) / BASIS_POINTS;
            payout = amount - toll - royalty;
        }
    }

    function _credit(address owner, address token, uint256 amount) private {
        if (amount != 0) _credits[owner][token] += amount;
    }

    function _requireValidTerms(Job calldata job) private view {
        if (job.funding != FUNDING_ALLOWANCE) revert FundingNotSupported(job.funding, FUNDING_ALLOWANCE);
        if (job.bond != 0) revert BondsNotSupported(job.bond);
        if (job.acceptBy != 0) revert AcceptByWithoutBond(job.acceptBy);
        if (job.provider == address(0) || job.token == address(0)) revert ZeroAddress();
        if (job.provider == address(this)) revert InvalidReceiver(job.provider);
        if (job.token == NATIVE_TOKEN) revert NativeTokenNeedsNativeFunding(job.token, job.funding);
        if (job.token.code.length == 0) revert TokenWithoutCode(job.token);
        if (job.amount == 0 || job.amount > MAX_AMOUNT) revert AmountOutOfRange(job.amount, MAX_AMOUNT);
        if (!StatementLib.isSignal(job.inputCommitment)) {
            FlawLib.revertOn(StatementLib.commitmentFlaw(job.inputCommitment));
        }
    }

    function _requireLiveModel(uint256 modelId) private view {
        (bytes32 keyId, bool deprecated, bool stopped) = REGISTRY.statusOf(modelId);
        if (deprecated) revert IModelRegistry.ModelIsDeprecated(modelId);
        if (stopped) revert IModelRegistry.KeyIsStopped(keyId);
    }

    /// @dev Key of the job's slot; reverts unless the slot holds these terms, waiting for settlement or refund.
    function _fundedSlot(Job calldata job, bytes32 jobId) private view returns (bytes32 slotKey) {
        slotKey = job.slotKey();
        bytes32 record = _jobs[slotKey];
        if (record == JobLib.toRecord(jobId, JobState.Funded)) return slotKey;
        JobState state = JobLib.stateIn(record);
        if (state != JobState.None) _requireTerms(record, jobId);
        revert JobNotInState(jobId, state, JobState.Funded);
    }

    function _requireTerms(bytes32 record, bytes32 jobId) private pure {
        (bytes32 recorded, bytes32 given) = (JobLib.terms(record), JobLib.terms(jobId));
        if (recorded != given) revert JobTermsMismatch(recorded, given);
    }
}
