// SPDX-License-Identifier: MIT
// Nothing here is deployed or called: a property is a contract of its own, and a requirement is an assumption.
// solhint-disable one-contract-per-file, gas-custom-errors
pragma solidity ^0.8.30;

import {AnnouncementLib} from "../../contracts/libraries/AnnouncementLib.sol";

// Every contract here states one property, for all times below 2^64 and all amounts: `npm run smt` has the compiler's
// model checker prove its assertions, and that none of the checked arithmetic in it can revert. Numbers in titles are those of
// docs/invariants.md.

/// @title What was announced before a provider asked leaves what it was told is secured (08)
contract EarlierAnnouncementsLeaveTheSecured {
    function check(
        uint256 balance,
        uint256 announced,
        uint64 announcedAt,
        uint64 life,
        uint64 deadline,
        uint64 toldAt,
        uint64 executedAt
    ) external pure {
        require(announcedAt <= toldAt && toldAt <= executedAt && executedAt < deadline, "order of times");
        uint256 told = AnnouncementLib.secured(balance, announced, announcedAt, life, deadline, toldAt);
        (uint256 maturesAt, uint256 expiresAt) = AnnouncementLib.window(announcedAt, life);
        bool isDue = AnnouncementLib.isDue(maturesAt, expiresAt, executedAt);
        assert(balance - (isDue ? AnnouncementLib.taken(announced, balance) : 0) >= told);
    }
}

/// @title What is announced after that is not due before the deadline it asked for (08)
contract LaterAnnouncementsWait {
    function check(
        uint256 balance,
        uint256 announced,
        uint64 announcedAt,
        uint64 life,
        uint64 deadline,
        uint64 toldAt,
        uint64 announcedAgainAt,
        uint64 executedAt
    ) external pure {
        require(toldAt <= announcedAgainAt && executedAt < deadline, "order of times");
        require(AnnouncementLib.secured(balance, announced, announcedAt, life, deadline, toldAt) != 0, "nothing told");
        (uint256 maturesAt, uint256 expiresAt) = AnnouncementLib.window(announcedAgainAt, life);
        assert(!AnnouncementLib.isDue(maturesAt, expiresAt, executedAt));
    }
}
