// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice Item `index` cannot be in the batch; `reason` is, ABI-encoded, the error that a call with this item alone
/// deserves, or `BatchKeysDiffer`.
error ItemRefused(uint256 index, bytes reason);
/// @notice A batch has 1 to `max` items.
error BatchSizeOutOfRange(uint256 count, uint256 max);
/// @notice Lists that belong together have different lengths.
error LengthsDiffer(uint256 first, uint256 second);
