// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title HookToken
/// @notice Calls a target in the middle of every transfer and keeps what came of it: re-enters whatever holds it.
contract HookToken is ERC20 {
    /// @notice What the last call of the hook returned or reverted with.
    bytes public hookResult;
    /// @notice Whether the last call of the hook succeeded.
    bool public hookSucceeded;

    address private _target;
    bytes private _call;

    constructor() ERC20("Hook Token", "HOOK") {}

    /// @notice From now on calls `target` with `data` before each transfer; the zero address for no call.
    function setHook(address target, bytes calldata data) external {
        _target = target;
        _call = data;
    }

    /// @notice Creates `amount` base units for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (from != address(0) && _target != address(0)) (hookSucceeded, hookResult) = _target.call(_call);
        super._update(from, to, value);
    }
}
