// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ItemRefused} from "../types/BatchError.sol";

/// @title Reverting with an error that was found before
/// @dev A flaw is an ABI-encoded custom error, empty where there is none. Whoever looks for one serves single calls,
/// which revert with it, and batches, which name the item that has it.
library FlawLib {
    /// @dev Reverts with the flaw, if there is one.
    function revertOn(bytes memory flaw) internal pure {
        if (flaw.length == 0) return;
        // Solidity cannot revert with data that it did not encode itself.
        assembly ("memory-safe") {
            revert(add(flaw, 0x20), mload(flaw))
        }
    }

    /// @dev Reverts with the flaw of item `index` of a batch, if there is one.
    function revertOn(bytes memory flaw, uint256 index) internal pure {
        if (flaw.length != 0) revert ItemRefused(index, flaw);
    }
}
