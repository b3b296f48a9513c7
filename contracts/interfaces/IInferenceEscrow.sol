// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Delivery} from "../types/Delivery.sol";
import {Job, JobState} from "../types/Job.sol";
import {SkipReason} from "../types/SkipReason.sol";
import {IERC8183Events} from "./IERC8183Events.sol";
import {IFundingCollector} from "./IFundingCollector.sol";
import {IPaymentLedger} from "./IPaymentLedger.sol";

/// @title Deposits that pay for an inference only against its proof
/// @notice A client locks a job's amount, and where the job asks for one its provider a bond. A valid proof made for that
/// job before the deadline splits the amount between provider, toll and royalty; from the deadline on, or as soon as the
/// model's key is stopped, the provider cancels or a bond was not put up in time, it goes back. Nobody can change, delay or
/// take a deposit otherwise.
/// @dev Amounts are in the token's base units, times in unix seconds.
///
/// | state                | call                                    | allowed                                                 | next     |
/// | -------------------- | --------------------------------------- | ------------------------------------------------------- | -------- |
/// | None                 | `open` by the client or by its signature | now < deadline; with a bond now < acceptBy             | Funded   |
/// | None                 | `revoke` by the client                  | always                                                  | Revoked  |
/// | Funded with a bond   | `accept` by the provider                | now < acceptBy, key not stopped                         | Accepted |
/// | Funded without, Accepted | `settle` by anyone                  | now < deadline, a valid proof, key not stopped          | Settled  |
/// | Funded, Accepted     | `refund` by anyone                      | now ≥ deadline, or Funded with a bond and now ≥ acceptBy, or key stopped | Refunded |
/// | Funded, Accepted     | `cancel` by the provider                | always                                                  | Refunded |
///
/// The bond goes to the provider on Settled. On the way from Accepted to Refunded it goes to the provider if the key is
/// stopped, else to the client.
///
/// Tokens: native ether and ERC-20. An ERC-721 token whose id is the amount 1 could be taken and never leave. Safety assumes
/// that a token does not lower the escrow's balance by itself (a rebasing one can, at the expense of that token's users
/// only). Liveness of a withdrawal assumes that the token lets the escrow send and takes exactly what was sent from its
/// balance: a withdrawal from one that charges the escrow on top, or moves less or nothing, reverts and leaves the credit.
///
/// `settle`, `refund` and `withdrawFor` are open to anyone, and each works once: whoever calls one inside a longer
/// transaction can be made to revert by somebody who calls it first. The money is then where it belongs all the same.
///
/// Warning: a bond secures nothing against a provider that can forge proofs under the key, since it can stop the key and get
/// its bond back. Warning: a client that can forge can stop a key and get its deposit back after the words were shown.
interface IInferenceEscrow is IPaymentLedger, IERC8183Events {
    /// @notice `job` is open. Emitted before its deposit is taken, in a call that reverts unless exactly that arrives.
    event JobOpened(bytes32 indexed jobId, address indexed client, address indexed provider, Job job);
    /// @notice The provider put up its bond.
    event JobAccepted(bytes32 indexed jobId, address indexed provider, uint256 bond);
    /// @notice The job was proven and paid: what payout and royalty leave of its amount is the toll. A bond went back to the
    /// provider.
    event JobSettled(bytes32 indexed jobId, address indexed provider, uint256[] words, uint256 payout, uint256 royalty);
    /// @notice The deposit went back to the client's credit, and the bond, 0 if none was put up, to that of `bondTo`.
    event JobRefunded(bytes32 indexed jobId, address indexed client, uint256 amount, uint256 bond, address bondTo);
    /// @notice The provider gave the job up; `JobRefunded` follows.
    event JobCancelled(bytes32 indexed jobId, address indexed provider);
    /// @notice The client made a nonce useless.
    event NonceRevoked(address indexed client, address indexed provider, uint256 nonce);
    /// @notice Item `index` of a batch was left out, since the chain's state excludes it.
    event JobSkipped(bytes32 indexed jobId, uint256 index, SkipReason reason);

    /// @notice Only the job's client may do this; others need its signature.
    error NotClient(address caller, address client);
    /// @notice Only the job's provider may do this.
    error NotProvider(address caller, address provider);
    /// @notice The escrow has no collector for this kind of funding.
    error FundingNotSupported(uint8 funding);
    /// @notice Native ether is paid with funding 3, everything else with another.
    error TokenFundingMismatch(address token, uint8 funding);
    /// @notice The call brought another value than it needs: the sum due in native ether, 0 for a token.
    error ValueMismatch(uint256 value, uint256 wanted);
    /// @notice Ether comes with a call that opens or accepts a job.
    error UnexpectedEther(address sender);
    /// @notice A bond must be at most `max`.
    error BondOutOfRange(uint256 bond, uint256 max);
    /// @notice `acceptBy` is zero exactly when the bond is, and at most the deadline.
    error AcceptByMismatch(uint64 acceptBy, uint256 bond, uint64 deadline);
    /// @notice The time to open or accept a job with a bond is over.
    error AcceptancePassed(uint256 acceptBy, uint256 nowAt);
    /// @notice A job without a bond needs no acceptance.
    error NoBondToAccept(bytes32 jobId);
    /// @notice This pair of client and provider used the nonce before; `state` is where that job stands.
    error NonceUsed(address client, address provider, uint256 nonce, JobState state);
    /// @notice The deadline is not after the block's time.
    error DeadlinePassed(uint256 deadline, uint256 nowAt);
    /// @notice A refund is due from `dueAt` on, or once the key is stopped.
    error RefundNotDue(uint256 dueAt, uint256 nowAt);
    /// @notice The nonce holds a job with other terms; ids without their lowest byte.
    error JobTermsMismatch(bytes32 recorded, bytes32 given);
    /// @notice The job is in another state than the call needs.
    error JobNotInState(bytes32 jobId, JobState state, JobState wanted);

    /// @notice What takes deposits of a funding kind: 1 allowance or ERC-2612 permit, 2 ERC-3009 authorization, 3 native
    /// ether, 4 Permit2; reverts `FundingNotSupported` for others. Immutable.
    /// @dev Of a party: 1 approves it or names it as a permit's spender, 2 as an authorization's receiver, 4 as the spender of a
    /// Permit2 signature, while the approval goes to Permit2.
    function collectorOf(uint8 funding) external view returns (IFundingCollector);

    /// @notice Opens a job and takes its amount from the caller, who must be its client, before the deadline and, if there
    /// is a bond, before `acceptBy`.
    /// @dev The model must be registered and not deprecated, its key not stopped. A token that delivers another amount
    /// than asked, such as one with a fee on transfers, is refused. Native funding takes exactly the amount as value.
    /// @param fundingData What the collector of `job.funding` needs; see the collectors. A permit that fails is
    /// ignored where the allowance suffices, since anyone may have submitted it before.
    /// @return jobId EIP-712 digest of the job: what the proof must be made for.
    function open(Job calldata job, bytes calldata fundingData) external payable returns (bytes32 jobId);

    /// @notice Opens a job as its client would. Anyone may call with the client's signature of the job id, by ECDSA or
    /// ERC-1271; not for native ether, which only the client itself can bring.
    /// @dev The signature is consent to the job. An allowance, a permit or an authorization alone never is.
    function openWithSignature(
        Job calldata job,
        bytes calldata signature,
        bytes calldata fundingData
    ) external returns (bytes32 jobId);

    /// @notice Makes a nonce useless that has opened no job, against a signature that the caller gave away. Client only.
    function revoke(address provider, uint256 nonce) external;

    /// @notice Takes the bond from the caller, the job's provider, in the job's token and its way of funding, before
    /// `acceptBy`.
    /// @dev Warning: open the input commitment first, within the model's ranges. A job whose input nobody can open costs its
    /// provider the bond. Warning: the call may be mined in the last second before `acceptBy`, so accept only where the time from
    /// then to the deadline suffices to prove and settle. Warning: the model may be the client's own registration of a key that
    /// the provider trusts, with a royalty for the client.
    function accept(Job calldata job, bytes calldata fundingData) external payable;

    /// @notice Gives the job up: the client gets its deposit back, and the bond if the job was accepted and its key is not
    /// stopped. Provider only.
    function cancel(Job calldata job) external;

    /// @notice Pays the job's provider against a proof, strictly before the deadline. Anyone may call.
    /// @dev A failed verification reverts and changes nothing. Toll and royalty round down, the rest is the provider's,
    /// and its bond free of toll.
    /// @param words The model's output, readable by everybody from here on.
    function settle(Job calldata job, uint256[] calldata words, uint256[8] calldata proof) external;

    /// @notice Settles up to 128 jobs with one pairing check. Anyone may call.
    /// @dev Does what `settle` does for each item in order, leaving out with `JobSkipped` what the chain's state excludes; of
    /// such an item nothing else is looked at. Reverts `ItemRefused` with the index for words that the item's key cannot have and
    /// for a key of other α or β than that of the first item left to prove, and `BatchProofInvalid` when one of the proofs is false or the call is starved
    /// of gas; then nothing is settled. Items of one model next to each other are cheapest.
    /// Warning: give it gas to spare. A credit that is withdrawn just before costs 17,100 gas more to write. An item that is left
    /// out when gas is estimated and open when the block is made costs its whole settlement more, and its proof is checked only then.
    function settleBatch(Delivery[] calldata deliveries) external;

    /// @notice Credits the client with the deposit, from the deadline on, with a bond from `acceptBy` on if the provider has not
    /// accepted, or once the model's key is stopped. An accepted job's bond goes to the client, or to the provider if the key
    /// is stopped. Anyone may call.
    function refund(Job calldata job) external;

    /// @notice The job id: EIP-712 digest under this escrow's domain on the current chain.
    function hashJob(Job calldata job) external view returns (bytes32);

    /// @notice Where exactly these terms stand: None while the nonce is unused, Revoked for whatever terms once the nonce
    /// was revoked; reverts `JobTermsMismatch` when it went to other terms.
    function stateOf(Job calldata job) external view returns (JobState);
}
