// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

/// @title AuthorizationToken
/// @notice OpenZeppelin's ERC-2612 and ERC-3009 over a plain ERC-20 that anyone can mint. Development chains only.
contract AuthorizationToken is ERC20Permit, ERC3009 {
    constructor() ERC20("Signed Dollar", "SUSD") ERC20Permit("Signed Dollar") {}

    /// @notice Creates `amount` base units for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
