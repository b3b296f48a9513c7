// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {AllowanceCollector} from "./funding/AllowanceCollector.sol";
import {AuthorizationCollector} from "./funding/AuthorizationCollector.sol";
import {NativeCollector} from "./funding/NativeCollector.sol";
import {Permit2Collector} from "./funding/Permit2Collector.sol";
import {IFundingCollector} from "./interfaces/IFundingCollector.sol";
import {IInferenceEscrow} from "./interfaces/IInferenceEscrow.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {ClaimBatch, ClaimBatchLib} from "./libraries/ClaimBatchLib.sol";
import {FlawLib} from "./libraries/FlawLib.sol";
import {JobLib} from "./libraries/JobLib.sol";
import {ModelTermsLib} from "./libraries/ModelTermsLib.sol";
import {RegistryLib} from "./libraries/RegistryLib.sol";
import {SignatureLib} from "./libraries/SignatureLib.sol";
import {StatementLib} from "./libraries/StatementLib.sol";
import {TokenLib} from "./libraries/TokenLib.sol";
import {PaymentLedger} from "./PaymentLedger.sol";
import {Delivery} from "./types/Delivery.sol";
import {Job, JobState} from "./types/Job.sol";
import {ModelTerms} from "./types/ModelTerms.sol";
import {SkipReason} from "./types/SkipReason.sol";

/// @title InferenceEscrow
/// @notice Holds deposits and bonds and pays them against proofs. Immutable; nobody has power over funds.
contract InferenceEscrow is IInferenceEscrow, PaymentLedger, EIP712 {
    using ClaimBatchLib for ClaimBatch;
    using JobLib for Job;
    using ModelTermsLib for ModelTerms;
    using RegistryLib for IModelRegistry;

    uint8 private constant FUNDING_NATIVE = 3;

    IFundingCollector private immutable _ALLOWANCE_COLLECTOR;
    IFundingCollector private immutable _AUTHORIZATION_COLLECTOR;
    IFundingCollector private immutable _NATIVE_COLLECTOR;
    IFundingCollector private immutable _PERMIT2_COLLECTOR;

    /// @dev The one slot of a client's, a provider's and a nonce's job; see JobLib.
    struct Slot {
        bytes32 record;
    }

    mapping(bytes32 slotKey => Slot slot) private _jobs;

    /// @param registry Must answer as a model registry by ERC-165.
    /// @param tollCollector Credited with tolls; neither zero nor the escrow itself.
    /// @param tollBps Hundredths of a percent, 0 to 100.
    constructor(
        IModelRegistry registry,
        address tollCollector,
        uint16 tollBps
    ) PaymentLedger(registry, tollCollector, tollBps) EIP712("Tollgate InferenceEscrow", "1") {
        _ALLOWANCE_COLLECTOR = new AllowanceCollector();
        _AUTHORIZATION_COLLECTOR = new AuthorizationCollector();
        _NATIVE_COLLECTOR = new NativeCollector();
        _PERMIT2_COLLECTOR = new Permit2Collector();
    }

    /// @dev Ether comes through its collector. What is forced in otherwise counts for nothing.
    receive() external payable {
        if (msg.sender != address(_NATIVE_COLLECTOR)) revert UnexpectedEther(msg.sender);
    }

    // Client

    /// @inheritdoc IInferenceEscrow
    function open(Job calldata job, bytes calldata fundingData) external payable nonReentrant returns (bytes32 jobId) {
        if (msg.sender != job.client) revert NotClient(msg.sender, job.client);
        jobId = hashJob(job);
        _open(job, jobId, fundingData);
    }

    /// @inheritdoc IInferenceEscrow
    function openWithSignature(
        Job calldata job,
        bytes calldata signature,
        bytes calldata fundingData
    ) external nonReentrant returns (bytes32 jobId) {
        jobId = hashJob(job);
        SignatureLib.requireSigned(job.client, jobId, signature);
        _open(job, jobId, fundingData);
    }

    /// @inheritdoc IInferenceEscrow
    function revoke(address provider, uint256 nonce) external nonReentrant {
        Slot storage slot = _jobs[JobLib.slotKey(msg.sender, provider, nonce)];
        JobState state = JobLib.stateIn(slot.record);
        if (state != JobState.None) revert NonceUsed(msg.sender, provider, nonce, state);
        slot.record = JobLib.toRecord(0, JobState.Revoked);
        emit NonceRevoked(msg.sender, provider, nonce);
    }

    // Provider

    /// @inheritdoc IInferenceEscrow
    function accept(Job calldata job, bytes calldata fundingData) external payable nonReentrant {
        // Check that the caller may still accept, and that it would be paid for a proof.
        if (msg.sender != job.provider) revert NotProvider(msg.sender, job.provider);
        bytes32 jobId = hashJob(job);
        if (job.bond == 0) revert NoBondToAccept(jobId);
        Slot storage slot = _jobs[job.slotKey()];
        _requireState(slot.record, jobId, JobState.Funded);
        if (block.timestamp >= job.acceptBy) revert AcceptancePassed(job.acceptBy, block.timestamp);
        (bytes32 keyId, , bool stopped) = REGISTRY.statusOf(job.modelId);
        if (stopped) revert IModelRegistry.KeyIsStopped(keyId);

        slot.record = JobLib.toRecord(jobId, JobState.Accepted);
        emit JobAccepted(jobId, job.provider, job.bond);

        IFundingCollector collector = collectorOf(job.funding);
        uint256 balance = _balanceBefore(job, job.bond);
        collector.collectBond{value: msg.value}(job, jobId, fundingData);
        _requireReceived(job.token, balance, job.bond);
    }

    /// @inheritdoc IInferenceEscrow
    function cancel(Job calldata job) external nonReentrant {
        if (msg.sender != job.provider) revert NotProvider(msg.sender, job.provider);
        bytes32 jobId = hashJob(job);
        (Slot storage slot, JobState state) = _openSlot(job, jobId);
        emit JobCancelled(jobId, job.provider);
        _refund(job, jobId, slot, state);
    }

    // Anyone

    /// @inheritdoc IInferenceEscrow
    /// @dev Locked while another function runs, and takes no lock itself: it calls nothing but views of the registry.
    function settle(Job calldata job, uint256[] calldata words, uint256[8] calldata proof) external nonReentrantView {
        bytes32 jobId = hashJob(job);
        // Check that the job waits for its proof, and before its deadline.
        Slot storage slot = _jobs[job.slotKey()];
        _requireState(slot.record, jobId, job.settleableState());
        if (block.timestamp >= job.deadline) revert DeadlinePassed(job.deadline, block.timestamp);

        // Check the proof: a view of the immutable registry that returns only if it is valid.
        (uint16 royaltyBps, address royaltyTo) = REGISTRY.verifyFor(
            job.modelId,
            job.inputCommitment,
            words,
            jobId,
            proof
        );

        _pay(job, jobId, slot, words, royaltyBps, royaltyTo);
    }

    /// @inheritdoc IInferenceEscrow
    /// @dev Locked as `settle` is. Pays before it verifies, since an item must see what the ones before it changed: what the
    /// registry refuses at the end undoes all of it, and nothing runs in between but views of the registry.
    function settleBatch(Delivery[] calldata deliveries) external nonReentrantView {
        ClaimBatch memory batch = ClaimBatchLib.create(deliveries.length);
        ModelTerms memory model;
        for (uint256 i; i < deliveries.length; ++i) {
            Delivery calldata delivery = deliveries[i];
            Job calldata job = delivery.job;
            bytes32 jobId = hashJob(job);
            Slot storage slot = _jobs[job.slotKey()];
            bool open_ = slot.record == JobLib.toRecord(jobId, job.settleableState());
            // An open job's model is known to the registry.
            if (open_) model.readFor(REGISTRY, job.modelId, i);
            if (!open_ || block.timestamp >= job.deadline || model.stopped) {
                emit JobSkipped(jobId, i, _skipReason(job, jobId, slot.record));
                continue;
            }
            _pay(job, jobId, slot, delivery.words, model.royaltyBps, model.royaltyTo);
            batch.append(i, model.keyId, job.inputCommitment, delivery.words, jobId, delivery.proof);
        }
        batch.requireValid(REGISTRY);
    }

    /// @inheritdoc IInferenceEscrow
    function refund(Job calldata job) external nonReentrant {
        bytes32 jobId = hashJob(job);
        (Slot storage slot, JobState state) = _openSlot(job, jobId);
        // Check that no proof can settle it any more. Once its time has come this asks nobody else for leave.
        bool unaccepted = state == JobState.Funded && job.bond != 0;
        uint256 dueAt = unaccepted ? job.acceptBy : job.deadline;
        if (block.timestamp < dueAt && !_isStopped(job.modelId)) revert RefundNotDue(dueAt, block.timestamp);
        if (block.timestamp >= job.deadline) emit JobExpired(uint256(jobId));
        _refund(job, jobId, slot, state);
    }

    // Views

    /// @inheritdoc IInferenceEscrow
    function stateOf(Job calldata job) external view returns (JobState) {
        bytes32 record = _jobs[job.slotKey()].record;
        JobState state = JobLib.stateIn(record);
        if (state != JobState.None && state != JobState.Revoked) _requireTerms(record, hashJob(job));
        return state;
    }

    /// @inheritdoc IInferenceEscrow
    function hashJob(Job calldata job) public view returns (bytes32) {
        return _hashTypedDataV4(job.structHash());
    }

    /// @inheritdoc IInferenceEscrow
    function collectorOf(uint8 funding) public view returns (IFundingCollector) {
        if (funding == 1) return _ALLOWANCE_COLLECTOR;
        if (funding == 2) return _AUTHORIZATION_COLLECTOR;
        if (funding == FUNDING_NATIVE) return _NATIVE_COLLECTOR;
        if (funding == 4) return _PERMIT2_COLLECTOR;
        revert FundingNotSupported(funding);
    }

    /// @dev Opens a job to which its client agreed.
    function _open(Job calldata job, bytes32 jobId, bytes calldata fundingData) private {
        // Check the terms, and that they may be opened now.
        IFundingCollector collector = collectorOf(job.funding);
        _requireValidTerms(job);
        if (job.bond != 0 && block.timestamp >= job.acceptBy) revert AcceptancePassed(job.acceptBy, block.timestamp);
        if (block.timestamp >= job.deadline) revert DeadlinePassed(job.deadline, block.timestamp);
        _requireLiveModel(job.modelId);

        // Check that the nonce is new, then take it: the token's code below finds the job already there.
        Slot storage slot = _jobs[job.slotKey()];
        JobState state = JobLib.stateIn(slot.record);
        if (state != JobState.None) revert NonceUsed(job.client, job.provider, job.nonce, state);
        slot.record = JobLib.toRecord(jobId, JobState.Funded);
        _emitOpened(job, jobId);

        uint256 balance = _balanceBefore(job, job.amount);
        collector.collect{value: msg.value}(job, jobId, fundingData);
        _requireReceived(job.token, balance, job.amount);
    }

    /// @dev Closes a proven job and credits everybody's part.
    function _pay(
        Job calldata job,
        bytes32 jobId,
        Slot storage slot,
        uint256[] calldata words,
        uint256 royaltyBps,
        address royaltyTo
    ) private {
        slot.record = JobLib.toRecord(jobId, JobState.Settled);
        (uint256 payout, uint256 royalty) = _creditSettlement(
            job.provider,
            job.token,
            job.amount,
            job.bond,
            royaltyBps,
            royaltyTo
        );
        emit JobSettled(jobId, job.provider, words, payout, royalty);
    }

    function _emitOpened(Job calldata job, bytes32 jobId) private {
        uint256 id = uint256(jobId);
        emit JobOpened(jobId, job.client, job.provider, job);
        emit JobCreated(id, job.client, job.provider, address(this), job.deadline, address(0));
        emit JobFunded(id, job.client, job.amount);
    }

    /// @dev Closes an open job in the client's favour. A stopped key is no fault of the provider: its bond goes back.
    function _refund(Job calldata job, bytes32 jobId, Slot storage slot, JobState state) private {
        slot.record = JobLib.toRecord(jobId, JobState.Refunded);
        uint256 bond = state == JobState.Accepted ? job.bond : 0;
        address bondTo = bond != 0 && _isStopped(job.modelId) ? job.provider : job.client;
        _credit(job.client, job.token, job.amount);
        _credit(bondTo, job.token, bond);
        emit JobRefunded(jobId, job.client, job.amount, bond, bondTo);
        emit Refunded(uint256(jobId), job.client, bondTo == job.client ? job.amount + bond : job.amount);
    }

    /// @dev The balance that a deposit of `due` must raise, value of this call left out, which must be right for the token.
    function _balanceBefore(Job calldata job, uint256 due) private view returns (uint256) {
        uint256 value = job.token == TokenLib.NATIVE ? due : 0;
        if (msg.value != value) revert ValueMismatch(msg.value, value);
        return TokenLib.ownBalance(job.token) - value;
    }

    function _requireValidTerms(Job calldata job) private view {
        if (job.provider == address(0) || job.token == address(0)) revert ZeroAddress();
        if (job.provider == address(this)) revert InvalidReceiver(job.provider);
        bool native = job.token == TokenLib.NATIVE;
        if (native != (job.funding == FUNDING_NATIVE)) revert TokenFundingMismatch(job.token, job.funding);
        if (!native && job.token.code.length == 0) revert TokenWithoutCode(job.token);
        if (job.amount == 0 || job.amount > MAX_AMOUNT) revert AmountOutOfRange(job.amount, MAX_AMOUNT);
        if (job.bond > MAX_AMOUNT) revert BondOutOfRange(job.bond, MAX_AMOUNT);
        if ((job.bond == 0) != (job.acceptBy == 0) || job.acceptBy > job.deadline) {
            revert AcceptByMismatch(job.acceptBy, job.bond, job.deadline);
        }
        if (!StatementLib.isSignal(job.inputCommitment)) {
            FlawLib.revertOn(StatementLib.commitmentFlaw(job.inputCommitment));
        }
    }

    function _requireLiveModel(uint256 modelId) private view {
        (bytes32 keyId, bool deprecated, bool stopped) = REGISTRY.statusOf(modelId);
        if (deprecated) revert IModelRegistry.ModelIsDeprecated(modelId);
        if (stopped) revert IModelRegistry.KeyIsStopped(keyId);
    }

    function _isStopped(uint256 modelId) private view returns (bool stopped) {
        (, , stopped) = REGISTRY.statusOf(modelId);
    }

    /// @dev Where an open job is stored, and whether it is Funded or Accepted; reverts for any other.
    function _openSlot(Job calldata job, bytes32 jobId) private view returns (Slot storage slot, JobState state) {
        slot = _jobs[job.slotKey()];
        bytes32 record = slot.record;
        if (record == JobLib.toRecord(jobId, JobState.Accepted)) return (slot, JobState.Accepted);
        _requireState(record, jobId, JobState.Funded);
        return (slot, JobState.Funded);
    }

    /// @dev Why a batch leaves this job out; that of the state first.
    function _skipReason(Job calldata job, bytes32 jobId, bytes32 record) private view returns (SkipReason) {
        JobState state = JobLib.stateIn(record);
        if (state == JobState.None || state == JobState.Revoked) return SkipReason.NotOpen;
        if (JobLib.terms(record) != JobLib.terms(jobId)) return SkipReason.OtherTerms;
        if (state != job.settleableState()) return SkipReason.NotOpen;
        return block.timestamp >= job.deadline ? SkipReason.DeadlinePassed : SkipReason.KeyStopped;
    }

    /// @dev Reverts unless the record is of these terms and in this state.
    function _requireState(bytes32 record, bytes32 jobId, JobState wanted) private pure {
        if (record == JobLib.toRecord(jobId, wanted)) return;
        JobState state = JobLib.stateIn(record);
        if (state != JobState.None && state != JobState.Revoked) _requireTerms(record, jobId);
        revert JobNotInState(jobId, state, wanted);
    }

    function _requireTerms(bytes32 record, bytes32 jobId) private pure {
        (bytes32 recorded, bytes32 given) = (JobLib.terms(record), JobLib.terms(jobId));
        if (recorded != given) revert JobTermsMismatch(recorded, given);
    }
}
