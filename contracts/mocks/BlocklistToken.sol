// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title BlocklistToken
/// @notice Refuses transfers from and to blocked accounts.
contract BlocklistToken is ERC20 {
    /// @notice The account may neither send nor receive.
    error AccountBlocked(address account);

    /// @notice Whether an account may neither send nor receive.
    mapping(address account => bool blocked) public isBlocked;

    constructor() ERC20("Blocklist Token", "BLOCK") {}

    /// @notice Blocks or unblocks an account.
    function setBlocked(address account, bool blocked) external {
        isBlocked[account] = blocked;
    }

    /// @notice Creates `amount` base units for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (isBlocked[from]) revert AccountBlocked(from);
        if (isBlocked[to]) revert AccountBlocked(to);
        super._update(from, to, value);
    }
}
