// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {Job} from "../../contracts/types/Job.sol";
import {Market, newMarket} from "../invariants/Market.sol";

/// @title How a settlement divides an amount
contract SplitTest {
    uint256 private constant BASIS_POINTS = 10_000;
    address private constant TOLL_COLLECTOR = address(0x7011);
    address private constant ROYALTY_RECEIVER = address(0x2047);
    address private constant PROVIDER = address(0x9);

    /// @dev Toll and royalty round down, the provider gets the rest, and the three make the amount.
    function testFuzz_PartsRoundDownAndMakeTheAmount(uint128 amount, uint16 tollBps, uint16 royaltyBps) public {
        if (amount == 0) amount = 1;
        _check(amount, tollBps % 101, royaltyBps % 1_001);
    }

    function test_TheSmallestAndLargestAmountsAtBothCaps() public {
        for (uint256 caps; caps < 4; ++caps) {
            _check(1, caps & 1 == 0 ? 0 : 100, caps & 2 == 0 ? 0 : 1_000);
            _check(type(uint128).max, caps & 1 == 0 ? 0 : 100, caps & 2 == 0 ? 0 : 1_000);
        }
    }

    /// @dev A job cut in two saves at most one unit of each fee.
    function testFuzz_invariant_14_SplittingJobsSavesAtMostAUnitEach(uint64 first, uint64 second) public {
        if (first == 0 || second == 0) return;
        (uint256 toll, uint256 royalty) = _settle(uint128(first) + second, 99, 321);
        (uint256 firstToll, uint256 firstRoyalty) = _settle(first, 99, 321);
        (uint256 secondToll, uint256 secondRoyalty) = _settle(second, 99, 321);
        require(firstToll + secondToll + 1 >= toll && firstToll + secondToll <= toll, "toll");
        require(firstRoyalty + secondRoyalty + 1 >= royalty && firstRoyalty + secondRoyalty <= royalty, "royalty");
    }

    function _check(uint128 amount, uint16 tollBps, uint16 royaltyBps) private {
        (uint256 toll, uint256 royalty) = _settle(amount, tollBps, royaltyBps);
        require(toll == (uint256(amount) * tollBps) / BASIS_POINTS, "toll");
        require(royalty == (uint256(amount) * royaltyBps) / BASIS_POINTS, "royalty");
    }

    /// @dev Runs a job through an escrow of its own and gives what was credited; the payout must be the rest.
    function _settle(
        uint128 amount,
        uint16 tollBps,
        uint16 royaltyBps
    ) private returns (uint256 toll, uint256 royalty) {
        Market market = newMarket(tollBps);
        TestToken token = new TestToken();
        Job memory job = Job({
            client: address(this),
            provider: PROVIDER,
            token: address(token),
            amount: amount,
            bond: 0,
            modelId: market.addModel(1, royaltyBps),
            inputCommitment: bytes32(uint256(5)),
            acceptBy: 0,
            deadline: uint64(block.timestamp + 1),
            funding: 1,
            nonce: 0
        });
        token.mint(address(this), amount);
        token.approve(address(market.ESCROW().collectorOf(1)), amount);
        market.ESCROW().open(job, "");
        market.ESCROW().settle(job, market.wordsOf(7), market.prove(job, 7, amount));

        toll = market.ESCROW().creditOf(TOLL_COLLECTOR, address(token));
        royalty = market.ESCROW().creditOf(ROYALTY_RECEIVER, address(token));
        require(market.ESCROW().creditOf(PROVIDER, address(token)) == amount - toll - royalty, "payout");
    }
}
