// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title QuietToken
/// @notice Once told to, says that a transfer succeeded without moving anything, or mints to the sender instead.
contract QuietToken is ERC20 {
    bool private _quiet;
    uint256 private _bonus;

    constructor() ERC20("Quiet Token", "QUIET") {}

    /// @notice From now on moves nothing by `transfer` and gives the sender `bonus` base units, or moves as it should.
    function setQuiet(bool quiet, uint256 bonus) external {
        (_quiet, _bonus) = (quiet, bonus);
    }

    /// @notice Creates `amount` base units for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function transfer(address to, uint256 value) public override returns (bool) {
        if (!_quiet) return super.transfer(to, value);
        _mint(msg.sender, _bonus);
        return true;
    }
}
