// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title FallbackToken
/// @notice Accepts every call that it does not know and does nothing, as tokens do that wrap ether in their fallback.
contract FallbackToken is ERC20 {
    constructor() ERC20("Fallback Token", "FALL") {}

    // solhint-disable-next-line no-empty-blocks
    fallback() external {}

    /// @notice Creates `amount` base units for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
