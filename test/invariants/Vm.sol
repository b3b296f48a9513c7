// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title The cheat codes that the tests use
interface Vm {
    function assume(bool condition) external pure;
    function deal(address account, uint256 balance) external;
    function prank(address caller) external;
    function revertToState(uint256 id) external returns (bool);
    function snapshotState() external returns (uint256 id);
    function warp(uint256 timestamp) external;
}

Vm constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
