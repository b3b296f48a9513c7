// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title NoReturnToken
/// @notice Moves tokens like an ERC-20 but returns nothing, as some old and widely held tokens do.
contract NoReturnToken {
    /// @notice Base units held by each account.
    mapping(address account => uint256 amount) public balanceOf;
    /// @notice What each owner lets a spender move.
    mapping(address owner => mapping(address spender => uint256 amount)) public allowance;

    /// @notice Creates `amount` base units for `to`.
    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    /// @notice Lets `spender` move `amount` of the caller's.
    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    /// @notice Moves the caller's tokens.
    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    /// @notice Moves tokens by allowance.
    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}
