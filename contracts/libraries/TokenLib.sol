// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title ERC-20 tokens and native ether alike
library TokenLib {
    using SafeERC20 for IERC20;

    /// @dev Stands for native ether where a token is named.
    address internal constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    function ownBalance(address token) internal view returns (uint256) {
        return token == NATIVE ? address(this).balance : IERC20(token).balanceOf(address(this));
    }

    /// @dev Runs the receiver's code for ether, the token's otherwise: call it last, and locked.
    function send(address token, address to, uint256 amount) internal {
        if (token == NATIVE) Address.sendValue(payable(to), amount);
        else IERC20(token).safeTransfer(to, amount);
    }

    /// @dev Gives `owner`'s allowance of `amount` to this contract by an ERC-2612 permit, which is
    /// `abi.encode(uint256 deadline, uint8 v, bytes32 r, bytes32 s)`; nothing if it is empty. A failing permit is no failure: anyone may
    /// submit it from the mempool first, and then the allowance is there. The transfer that follows decides.
    function tryPermit(address token, address owner, uint256 amount, bytes calldata permit) internal {
        if (permit.length == 0) return;
        (uint256 deadline, uint8 v, bytes32 r, bytes32 s) = abi.decode(permit, (uint256, uint8, bytes32, bytes32));
        // solhint-disable-next-line no-empty-blocks
        try IERC20Permit(token).permit(owner, address(this), amount, deadline, v, r, s) {} catch {}
    }
}
