// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {VM} from "./Vm.sol";

/// @dev Deploys a compiled artifact, `File.sol:Contract`. With `new`, the code of the caller would hold a copy of what it
/// deploys, which the compiler optimises anew in every one of them.
function deploy(string memory artifact, bytes memory arguments) returns (address payable deployed) {
    bytes memory initCode = bytes.concat(VM.getCode(artifact), arguments);
    assembly ("memory-safe") {
        deployed := create(0, add(initCode, 0x20), mload(initCode))
    }
    require(deployed != address(0), artifact);
}
