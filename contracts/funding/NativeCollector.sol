// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {FundingCollector} from "./FundingCollector.sol";

/// @title NativeCollector
/// @notice Passes on the ether that the party sent with its call. `fundingData` is empty.
contract NativeCollector is FundingCollector {
    /// @notice The call brought another value than is due.
    error ValueMismatch(uint256 value, uint256 wanted);
    /// @notice Ether needs no data; `length` bytes were given.
    error UnexpectedFundingData(uint256 length);

    /// @inheritdoc FundingCollector
    /// @dev The escrow lets only the party itself call with value, so what comes here is from that party.
    function _take(address, address, uint256 amount, bytes32, bytes calldata fundingData) internal override {
        if (fundingData.length != 0) revert UnexpectedFundingData(fundingData.length);
        if (msg.value != amount) revert ValueMismatch(msg.value, amount);
        Address.sendValue(payable(ESCROW), amount);
    }
}
