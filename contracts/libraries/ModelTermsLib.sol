// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {ItemRefused} from "../types/BatchError.sol";
import {ModelTerms} from "../types/ModelTerms.sol";

/// @title The terms of a batch's models, read once per run of items of one model
library ModelTermsLib {
    /// @dev Makes `terms` those of the model. The registry is asked only where they are another model's: nothing can
    /// change them between two items of one call. Refuses item `index` of the caller's batch for an unknown model.
    function readFor(ModelTerms memory terms, IModelRegistry registry, uint256 modelId, uint256 index) internal view {
        // Before the first model the terms are all zero, and so might be the id that is asked for.
        if (terms.modelId == modelId && terms.keyId != 0) return;
        try registry.termsOf(modelId) returns (bytes32 keyId, uint16 royaltyBps, address royaltyTo, bool) {
            (uint16 wordCount, bool stopped) = registry.keyStatusOf(keyId);
            terms.modelId = modelId;
            terms.keyId = keyId;
            terms.wordCount = wordCount;
            terms.royaltyBps = royaltyBps;
            terms.royaltyTo = royaltyTo;
            terms.stopped = stopped;
        } catch (bytes memory reason) {
            revert ItemRefused(index, reason);
        }
    }
}
