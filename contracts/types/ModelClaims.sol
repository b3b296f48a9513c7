// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Claim} from "./Claim.sol";

/// @notice Claims of one model, as batches take them.
struct ModelClaims {
    uint256 modelId;
    Claim[] claims;
}
