// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice Why an item of a batch was left out: something on the chain excludes it, which its sender may not have known.
enum SkipReason {
    /// The job is not in the state that a settlement needs: never opened, not accepted, or closed.
    NotOpen,
    /// The nonce holds a job with other terms.
    OtherTerms,
    /// The deadline has come.
    DeadlinePassed,
    /// The model's key is stopped.
    KeyStopped,
    /// The order's nonce was used, by the order itself or by another one.
    NonceUsed,
    /// What is left of the deposit does not cover the order.
    DepositTooSmall,
    /// The same words are on record already.
    AlreadyRecorded,
    /// Other words are on record for the same statement.
    RecordConflict
}
