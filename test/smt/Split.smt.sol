// SPDX-License-Identifier: MIT
// Nothing here is deployed or called: a property is a contract of its own, and a requirement is an assumption.
// solhint-disable one-contract-per-file, gas-custom-errors
pragma solidity ^0.8.30;

import {SplitLib} from "../../contracts/libraries/SplitLib.sol";

// Every contract here states one property, for all arguments within the caps: `npm run smt` has the compiler's model
// checker prove its assertions, and that none of the checked arithmetic in it can revert. Numbers in titles are those of
// docs/invariants.md.

function requireWithinCaps(uint256 amount, uint256 tollBps, uint256 royaltyBps) pure {
    require(amount <= SplitLib.MAX_AMOUNT, "amount");
    require(tollBps <= SplitLib.MAX_TOLL_BPS, "toll");
    require(royaltyBps <= SplitLib.MAX_ROYALTY_BPS, "royalty");
}

/// @title Payout, toll and royalty make the amount, with a bond the deposits (02)
contract PartsMakeTheDeposit {
    function check(uint256 amount, uint256 bond, uint256 tollBps, uint256 royaltyBps) external pure {
        requireWithinCaps(amount, tollBps, royaltyBps);
        require(bond <= SplitLib.MAX_AMOUNT, "bond");
        (uint256 payout, uint256 toll, uint256 royalty) = SplitLib.split(amount, tollBps, royaltyBps);
        assert(payout + toll + royalty == amount);
        assert((payout + bond) + toll + royalty == amount + bond);
    }
}

/// @title Toll and royalty are the exact share, rounded down
contract FeesRoundDown {
    function check(uint256 amount, uint256 tollBps, uint256 royaltyBps) external pure {
        requireWithinCaps(amount, tollBps, royaltyBps);
        (, uint256 toll, uint256 royalty) = SplitLib.split(amount, tollBps, royaltyBps);
        assert(toll * 10_000 <= amount * tollBps && amount * tollBps < (toll + 1) * 10_000);
        assert(royalty * 10_000 <= amount * royaltyBps && amount * royaltyBps < (royalty + 1) * 10_000);
    }
}

/// @title Toll at most 1 %, royalty at most 10 %, payout at least 89 % of the amount (13)
contract FeesStayWithinCaps {
    function check(uint256 amount, uint256 tollBps, uint256 royaltyBps) external pure {
        requireWithinCaps(amount, tollBps, royaltyBps);
        (uint256 payout, uint256 toll, uint256 royalty) = SplitLib.split(amount, tollBps, royaltyBps);
        assert(toll * 100 <= amount);
        assert(royalty * 10 <= amount);
        assert(payout * 100 >= amount * 89);
    }
}

/// @title A job cut in two saves at most one unit of the toll (14)
contract CuttingSavesAUnitOfToll {
    function check(uint256 first, uint256 second, uint256 tollBps) external pure {
        require(first <= SplitLib.MAX_AMOUNT && second <= SplitLib.MAX_AMOUNT, "amount");
        requireWithinCaps(first + second, tollBps, 0);
        (, uint256 toll, ) = SplitLib.split(first + second, tollBps, 0);
        (, uint256 firstToll, ) = SplitLib.split(first, tollBps, 0);
        (, uint256 secondToll, ) = SplitLib.split(second, tollBps, 0);
        assert(firstToll + secondToll <= toll);
        assert(toll <= firstToll + secondToll + 1);
    }
}

/// @title A job cut in two saves at most one unit of the royalty (14)
contract CuttingSavesAUnitOfRoyalty {
    function check(uint256 first, uint256 second, uint256 royaltyBps) external pure {
        require(first <= SplitLib.MAX_AMOUNT && second <= SplitLib.MAX_AMOUNT, "amount");
        requireWithinCaps(first + second, 0, royaltyBps);
        (, , uint256 royalty) = SplitLib.split(first + second, 0, royaltyBps);
        (, , uint256 firstRoyalty) = SplitLib.split(first, 0, royaltyBps);
        (, , uint256 secondRoyalty) = SplitLib.split(second, 0, royaltyBps);
        assert(firstRoyalty + secondRoyalty <= royalty);
        assert(royalty <= firstRoyalty + secondRoyalty + 1);
    }
}

/// @title A sum of parts does not wrap, nor does a credit, in 2^64 settlements
contract SumsDoNotWrap {
    /// @dev The step from `count` settlements to the next: each credits one owner at most two greatest amounts.
    function check(
        uint64 count,
        uint256 sum,
        uint256 amount,
        uint256 bond,
        uint256 tollBps,
        uint256 royaltyBps
    ) external pure {
        requireWithinCaps(amount, tollBps, royaltyBps);
        require(bond <= SplitLib.MAX_AMOUNT, "bond");
        require(sum <= uint256(count) * 2 * SplitLib.MAX_AMOUNT, "sum");
        (uint256 payout, uint256 toll, uint256 royalty) = SplitLib.split(amount, tollBps, royaltyBps);
        assert(sum + payout + bond + toll + royalty <= (uint256(count) + 1) * 2 * SplitLib.MAX_AMOUNT);
    }
}
