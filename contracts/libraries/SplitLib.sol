// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title How an amount divides into payout, toll and royalty
/// @dev The contracts that include it refuse amounts, tolls and royalties above the caps, which make the unchecked
/// arithmetic sound: `npm run smt` proves that for all of them at once.
library SplitLib {
    /// @dev In a token's base units.
    uint256 internal constant MAX_AMOUNT = type(uint128).max;
    /// @dev One percent.
    uint16 internal constant MAX_TOLL_BPS = 100;
    /// @dev Ten percent.
    uint16 internal constant MAX_ROYALTY_BPS = 1_000;

    uint256 private constant BASIS_POINTS = 10_000;

    /// @dev Toll and royalty round down, the payout is the rest: the three make the amount.
    /// @dev Warning: wraps if an argument is above its cap, which is not checked here.
    function split(
        uint256 amount,
        uint256 tollBps,
        uint256 royaltyBps
    ) internal pure returns (uint256 payout, uint256 toll, uint256 royalty) {
        // The products stay below 2^142; the toll is at most 1 % of the amount, the royalty at most 10 %.
        unchecked {
            toll = (amount * tollBps) / BASIS_POINTS;
            royalty = (amount * royaltyBps) / BASIS_POINTS;
            payout = amount - toll - royalty;
        }
    }
}
