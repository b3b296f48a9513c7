// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title ContractWallet
/// @notice An account with code: calls for anybody, signs by ERC-1271 with a key, and calls back when ether arrives.
contract ContractWallet is IERC1271 {
    /// @notice Whether the last call back succeeded.
    bool public hookSucceeded;
    /// @notice What the last call back returned or reverted with.
    bytes public hookResult;

    address private immutable _KEY;
    uint256 private immutable _ROUNDS;

    address private _target;
    bytes private _call;

    /// @param key Whose ECDSA signature counts as the wallet's.
    /// @param rounds Hashes that checking a signature takes, for wallets whose check is dear.
    constructor(address key, uint256 rounds) {
        (_KEY, _ROUNDS) = (key, rounds);
    }

    /// @notice Takes ether, and makes the call that was set.
    receive() external payable {
        if (_target != address(0)) (hookSucceeded, hookResult) = _target.call(_call);
    }

    /// @notice From now on calls `target` with `data` whenever ether arrives; the zero address for no call.
    function setHook(address target, bytes calldata data) external {
        (_target, _call) = (target, data);
    }

    /// @notice Calls `target` with the value that came along, and reverts as it does.
    function execute(address target, bytes calldata data) external payable {
        (bool success, bytes memory result) = target.call{value: msg.value}(data);
        // Solidity cannot revert with data that it did not encode itself.
        if (!success) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        bytes32 work = digest;
        for (uint256 i; i < _ROUNDS; ++i) work = keccak256(abi.encode(work));
        (address signer, , ) = ECDSA.tryRecover(digest, signature);
        return signer == _KEY && work != 0 ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}
