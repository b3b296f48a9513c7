// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title When an announced withdrawal can be executed, and what is safe from it
/// @dev Times in unix seconds, `life` the longest life of an order in seconds, amounts in a token's base units.
/// `npm run smt` proves for all of them that a withdrawal leaves what a provider was told is secured.
library AnnouncementLib {
    /// @dev An announcement matures when the last order that could have been served before it has passed.
    function window(uint256 announcedAt, uint256 life) internal pure returns (uint256 maturesAt, uint256 expiresAt) {
        maturesAt = announcedAt + life;
        expiresAt = maturesAt + life;
    }

    /// @dev Whether `nowAt` is in the half-open window.
    function isDue(uint256 maturesAt, uint256 expiresAt, uint256 nowAt) internal pure returns (bool) {
        return nowAt >= maturesAt && nowAt < expiresAt;
    }

    /// @dev What a withdrawal takes: what was announced, or what is left of it.
    function taken(uint256 announced, uint256 balance) internal pure returns (uint256) {
        return announced < balance ? announced : balance;
    }

    /// @dev What no withdrawal can take before `deadline`; nothing for one that passed or that no order may have.
    function secured(
        uint256 balance,
        uint256 announced,
        uint256 announcedAt,
        uint256 life,
        uint256 deadline,
        uint256 nowAt
    ) internal pure returns (uint256) {
        if (deadline <= nowAt || deadline > nowAt + life) return 0;
        (uint256 maturesAt, uint256 expiresAt) = window(announcedAt, life);
        if (maturesAt >= deadline || nowAt >= expiresAt) return balance;
        return balance - taken(announced, balance);
    }
}
