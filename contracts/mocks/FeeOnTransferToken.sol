// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title FeeOnTransferToken
/// @notice Takes fees of every transfer: one out of what arrives, one on top of what leaves.
contract FeeOnTransferToken is ERC20 {
    uint256 private constant BASIS_POINTS = 10_000;
    address private constant FEE_SINK = address(0xFEE);

    uint256 private _receiverFeeBps;
    uint256 private _senderFeeBps;

    constructor() ERC20("Fee Token", "FEE") {}

    /// @notice Sets both fees, in hundredths of a percent.
    function setFees(uint256 receiverFeeBps, uint256 senderFeeBps) external {
        _receiverFeeBps = receiverFeeBps;
        _senderFeeBps = senderFeeBps;
    }

    /// @notice Creates `amount` base units for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from == address(0)) return;
        super._update(to, FEE_SINK, (value * _receiverFeeBps) / BASIS_POINTS);
        super._update(from, FEE_SINK, (value * _senderFeeBps) / BASIS_POINTS);
    }
}
