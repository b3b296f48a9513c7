// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @title ReturnsWindow
/// @notice Daily returns of markets, each recorded by the market itself, and the features of `volatility-mlp` over them.
/// @dev Permissionless and ownerless: a market writes only its own series, and who reads one trusts that market.
/// Features are those of circuits/models/volatility-mlp/MODEL.md, integer for integer.
contract ReturnsWindow {
    /// @notice Returns that the longest feature looks back on.
    uint256 public constant WINDOW = 66;
    uint256 public constant FEATURE_COUNT = 10;

    /// @dev Basis points in 10^18, the unit of `lnWad`.
    int256 private constant WAD_PER_BP = 1e14;

    struct Series {
        // Price that the last recorded day closed at; 0 before the first record.
        uint256 close;
        // Day of the last record, in days since 1970: days before it are in the window, it is not yet.
        uint64 day;
        // Returns recorded so far; the latest `WINDOW` of them are kept.
        uint64 count;
        // Basis points, return number i at i % WINDOW.
        int16[WINDOW] returnsBp;
    }

    mapping(address market => Series series) private _series;

    /// @notice A day began; `newReturns` of the market's days, the last `WINDOW` at most, came to its window.
    event DayRecorded(address indexed market, uint256 indexed day, uint256 close, uint256 newReturns);

    /// @notice A price is above zero and below 2^255.
    error PriceOutOfRange(uint256 price);
    /// @notice The market has not traded for long enough.
    error WindowTooShort(uint256 count, uint256 wanted);

    /// @notice Tells the caller's price as it was before the trade that is about to happen. The first call of a UTC
    /// day records it as the close of every day since the last call's; the other calls of that day do nothing.
    /// @dev Warning: call it before every change of the price, with the price that earlier transactions left. A price
    /// taken after a trade is what the trader wants it to be; one taken before has stood open to everybody's trades.
    /// @param price Quote per base in any unit, the same in every call: only ratios count.
    function record(uint256 price) external {
        if (price == 0 || price >= 1 << 255) revert PriceOutOfRange(price);
        Series storage series = _series[msg.sender];
        uint256 today = block.timestamp / 1 days;
        uint256 daysOver = today - series.day;
        if (daysOver == 0) return;
        // The first price opens the series, and there is nothing to compare it with.
        uint256 newReturns = series.close == 0 ? 0 : FixedPointMathLib.min(daysOver, WINDOW);
        if (newReturns != 0) {
            // The last day's return; on the days without a trade after it the price stood still. More than a
            // window of days ago the return is no longer in it.
            if (daysOver > WINDOW) _push(series, 0);
            else _push(series, _returnBp(series.close, price));
            for (uint256 i = 1; i < newReturns; ++i) _push(series, 0);
        }
        series.close = price;
        series.day = uint64(today);
        emit DayRecorded(msg.sender, today, price, newReturns);
    }

    /// @notice The model's ten inputs at the close before `day`, in basis points, and that day.
    /// @dev Nothing here bounds them by the model's range: that is for whoever packs them.
    function featuresOf(address market) external view returns (uint256[FEATURE_COUNT] memory features, uint256 day) {
        Series storage series = _series[market];
        if (series.count < WINDOW) revert WindowTooShort(series.count, WINDOW);
        uint256 squares;
        uint256 downSquares;
        for (uint256 age; age < WINDOW; ++age) {
            int256 value = series.returnsBp[(series.count - 1 - age) % WINDOW];
            uint256 size = FixedPointMathLib.abs(value);
            squares += size * size;
            if (age < 5) {
                features[age] = size;
                if (value < 0) downSquares += size * size;
            }
            if (age == 4) features[5] = FixedPointMathLib.sqrt(squares / 5);
            if (age == 9) features[6] = FixedPointMathLib.sqrt(squares / 10);
            if (age == 21) features[7] = FixedPointMathLib.sqrt(squares / 22);
        }
        features[8] = FixedPointMathLib.sqrt(squares / WINDOW);
        features[9] = FixedPointMathLib.sqrt(downSquares / 5);
        return (features, series.day);
    }

    /// @notice The returns in a market's window in basis points, the latest first; fewer while it fills.
    function returnsOf(address market) external view returns (int16[] memory returnsBp) {
        Series storage series = _series[market];
        returnsBp = new int16[](FixedPointMathLib.min(series.count, WINDOW));
        for (uint256 age; age < returnsBp.length; ++age) {
            returnsBp[age] = series.returnsBp[(series.count - 1 - age) % WINDOW];
        }
    }

    function _push(Series storage series, int16 returnBp) private {
        series.returnsBp[series.count % WINDOW] = returnBp;
        ++series.count;
    }

    /// @dev `ln(price / close)` in basis points, rounded to the nearest (no ratio but 1 has one in the middle). Saturated
    /// to 16 bits, which changes no answer: such a return puts the longest feature above 4,000, outside the model's range.
    function _returnBp(uint256 close, uint256 price) private pure returns (int16) {
        // Prices are below 2^255, so the casts keep them; a logarithm of two such differs by less than 178e18.
        int256 logWad = FixedPointMathLib.lnWad(int256(price)) - FixedPointMathLib.lnWad(int256(close));
        int256 rounded = (logWad + (logWad < 0 ? -WAD_PER_BP : WAD_PER_BP) / 2) / WAD_PER_BP;
        return int16(FixedPointMathLib.clamp(rounded, type(int16).min, type(int16).max));
    }
}
