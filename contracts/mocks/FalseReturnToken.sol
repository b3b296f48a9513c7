// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title FalseReturnToken
/// @notice Returns false instead of reverting where a transfer is refused, and can refuse all.
contract FalseReturnToken is ERC20 {
    bool private _refusing;

    constructor() ERC20("False Token", "FALSE") {}

    /// @notice From now on refuses every transfer, or none.
    function setRefusing(bool refusing) external {
        _refusing = refusing;
    }

    /// @notice Creates `amount` base units for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function transfer(address to, uint256 value) public override returns (bool) {
        return _refusing ? false : super.transfer(to, value);
    }

    /// @inheritdoc ERC20
    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        return _refusing ? false : super.transferFrom(from, to, value);
    }
}
