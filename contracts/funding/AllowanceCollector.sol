// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {TokenLib} from "../libraries/TokenLib.sol";
import {FundingCollector} from "./FundingCollector.sol";

/// @title AllowanceCollector
/// @notice Takes by the party's allowance to this contract, given before or by an ERC-2612 permit over exactly the
/// amount: `fundingData` is empty or `abi.encode(uint256 deadline, uint8 v, bytes32 r, bytes32 s)`.
contract AllowanceCollector is FundingCollector {
    using SafeERC20 for IERC20;

    /// @inheritdoc FundingCollector
    function _take(address token, address from, uint256 amount, bytes32, bytes calldata fundingData) internal override {
        TokenLib.tryPermit(token, from, amount, fundingData);
        IERC20(token).safeTransferFrom(from, ESCROW, amount);
    }
}
