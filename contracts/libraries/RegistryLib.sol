// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";

/// @title What contracts that hold a model registry ask of it
library RegistryLib {
    /// @dev Reverts unless the address answers as a model registry by ERC-165. Anything can be given: an account without
    /// code, a contract without ERC-165.
    function requireModelRegistry(IModelRegistry registry) internal view {
        if (!ERC165Checker.supportsInterface(address(registry), type(IModelRegistry).interfaceId)) {
            revert IModelRegistry.NotAModelRegistry(address(registry));
        }
    }

    /// @dev A model's key, and what can end its use; reverts `ModelNotFound` for an unknown model.
    function statusOf(
        IModelRegistry registry,
        uint256 modelId
    ) internal view returns (bytes32 keyId, bool deprecated, bool stopped) {
        (keyId, , , deprecated) = registry.termsOf(modelId);
        (, stopped) = registry.keyStatusOf(keyId);
    }
}
