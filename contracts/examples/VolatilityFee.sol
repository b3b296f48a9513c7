// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {ISettlementRegistry} from "../interfaces/ISettlementRegistry.sol";
import {InputCommitmentLib} from "../libraries/InputCommitmentLib.sol";
import {RequestLib} from "../libraries/RequestLib.sol";
import {WordsLib} from "../libraries/WordsLib.sol";
import {ReturnsWindow} from "./ReturnsWindow.sol";

/// @title VolatilityFee
/// @notice Swap fees that follow a proven forecast of volatility, for every market that records its price in `WINDOW`.
/// @dev The input is public and derived here, so nobody is trusted with it: a forecast is a function of the window. Nobody
/// is trusted with delivery either: anyone can prove, and where nobody does the fee goes to the cap.
contract VolatilityFee {
    /// @notice Terms of all fees, immutable. A pip is a hundredth of a basis point.
    struct Terms {
        /// A registered `volatility-mlp`.
        uint256 modelId;
        /// Fee per integer of the forecast, in pips · 10^18: the codec's scale (basis points a day) times a rate. Above 0
        /// and below 10^24.
        uint256 pipsPerUnitWad;
        /// Least fee in pips.
        uint24 floorPips;
        /// Greatest fee in pips, below 10^6; the fee wherever no forecast counts.
        uint24 capPips;
    }

    struct Forecast {
        // Commitment to the window of the newest request.
        bytes32 inputCommitment;
        // Day of the newest request, and of the newest proven one; 0 for none.
        uint64 requestedDay;
        uint64 provenDay;
        uint24 feePips;
    }

    /// @notice Days that a forecast counts, from the day of its request on: as far as the model looks ahead.
    uint256 public constant LIFE_DAYS = 5;
    /// @notice Greatest input of the model, in basis points. The circuit checks eleven bits, hence the check here.
    uint256 public constant MAX_FEATURE = 2_000;

    uint256 private constant MAX_PIPS = 1e6;
    uint256 private constant FEATURE_BITS = 11;
    uint256 private constant FORECAST_BITS = 18;
    uint256 private constant PUBLIC_SALT = 0;
    bytes32 private constant TYPE_HASH = keccak256("ForecastRequest(address market,uint64 day)");

    ISettlementRegistry public immutable SETTLEMENTS;
    IModelRegistry public immutable REGISTRY;
    ReturnsWindow public immutable WINDOW;
    uint256 public immutable MODEL_ID;
    bytes32 public immutable KEY_ID;
    uint256 public immutable PIPS_PER_UNIT_WAD;
    uint24 public immutable FLOOR_PIPS;
    uint24 public immutable CAP_PIPS;

    mapping(address market => Forecast forecast) private _forecasts;

    /// @notice A proof is wanted of the model on `word` with salt 0, for `subject`.
    event ForecastRequested(address indexed market, uint64 indexed day, bytes32 subject, bytes32 input, uint256 word);
    /// @notice The forecast of `day`, in the codec's units, was proven and sets the market's fee.
    event ForecastProven(address indexed market, uint64 indexed day, uint256 forecast, uint24 feePips);

    error TermsInvalid(uint256 floorPips, uint256 capPips, uint256 pipsPerUnitWad);
    /// @notice The market recorded no price today, so its window is an older day's.
    error WindowOutdated(uint256 day, uint256 today);
    /// @notice One request a day: a second one could only push out the first.
    error AlreadyRequested(address market, uint256 day);
    error FeatureOutOfRange(uint256 index, uint256 feature, uint256 max);
    /// @notice Only the newest request can be fulfilled; `newest` is 0 where there is none.
    error NotTheNewestRequest(uint256 day, uint256 newest);
    error RequestExpired(uint256 day, uint256 today);

    /// @dev The model must be registered and have one output word.
    constructor(ISettlementRegistry settlements, ReturnsWindow window, Terms memory terms) {
        bool fits = terms.floorPips <= terms.capPips && terms.capPips < MAX_PIPS;
        bool linear = terms.pipsPerUnitWad != 0 && terms.pipsPerUnitWad < MAX_PIPS * 1e18;
        if (!fits || !linear) revert TermsInvalid(terms.floorPips, terms.capPips, terms.pipsPerUnitWad);
        (SETTLEMENTS, REGISTRY, WINDOW) = (settlements, settlements.REGISTRY(), window);
        (MODEL_ID, PIPS_PER_UNIT_WAD) = (terms.modelId, terms.pipsPerUnitWad);
        (FLOOR_PIPS, CAP_PIPS) = (terms.floorPips, terms.capPips);
        (KEY_ID, , , ) = REGISTRY.termsOf(terms.modelId);
        (, uint16 wordCount, ) = REGISTRY.getKey(KEY_ID);
        if (wordCount != 1) revert IModelRegistry.WordCountMismatch(wordCount, 1);
    }

    /// @notice Asks for the forecast over a market's window of today. Anyone may call, once a day and market.
    function request(address market) external returns (bytes32 subject) {
        (, , , bool deprecated) = REGISTRY.termsOf(MODEL_ID);
        if (deprecated) revert IModelRegistry.ModelIsDeprecated(MODEL_ID);
        if (REGISTRY.isStopped(KEY_ID)) revert IModelRegistry.KeyIsStopped(KEY_ID);
        (uint256[10] memory features, uint256 day) = WINDOW.featuresOf(market);
        uint256 today = block.timestamp / 1 days;
        if (day != today) revert WindowOutdated(day, today);
        Forecast storage forecast = _forecasts[market];
        if (forecast.requestedDay == day) revert AlreadyRequested(market, day);

        uint256 word = _pack(features);
        forecast.inputCommitment = InputCommitmentLib.commit(PUBLIC_SALT, word);
        forecast.requestedDay = uint64(day);
        subject = subjectOf(market, uint64(day));
        emit ForecastRequested(market, uint64(day), subject, forecast.inputCommitment, word);
    }

    /// @notice Sets a market's fee from a proof for its newest request, that of `day`. Anyone may call; a call that
    /// comes after another with the same words changes nothing.
    function fulfil(address market, uint64 day, uint256[] calldata words, uint256[8] calldata proof) external {
        Forecast storage forecast = _forecasts[market];
        uint64 newest = forecast.requestedDay;
        if (day != newest || newest == 0) revert NotTheNewestRequest(day, newest);
        uint256 today = block.timestamp / 1 days;
        if (today >= day + LIFE_DAYS) revert RequestExpired(day, today);

        SETTLEMENTS.verifyAndSettle(MODEL_ID, forecast.inputCommitment, words, subjectOf(market, day), proof);

        if (forecast.provenDay == day) return;
        uint256 value = WordsLib.unsignedAt(words, 0, FORECAST_BITS);
        uint256 pips = (value * PIPS_PER_UNIT_WAD) / 1e18; // rounds down
        // At most the cap, which fits.
        forecast.feePips = uint24(FixedPointMathLib.clamp(pips, FLOOR_PIPS, CAP_PIPS));
        forecast.provenDay = day;
        emit ForecastProven(market, day, value, forecast.feePips);
    }

    /// @notice The market's fee in pips now: the cap unless there is a forecast not older than `LIFE_DAYS` and its key
    /// is not stopped.
    function feePipsOf(address market) external view returns (uint24) {
        Forecast storage forecast = _forecasts[market];
        if (block.timestamp / 1 days >= forecast.provenDay + LIFE_DAYS) return CAP_PIPS;
        return REGISTRY.isStopped(KEY_ID) ? CAP_PIPS : forecast.feePips;
    }

    /// @notice What a proof of a market's forecast of `day` is for.
    function subjectOf(address market, uint64 day) public view returns (bytes32) {
        return RequestLib.subjectOf(SETTLEMENTS, keccak256(abi.encode(TYPE_HASH, market, day)));
    }

    function _pack(uint256[10] memory features) private pure returns (uint256) {
        uint256[] memory words = new uint256[](1);
        for (uint256 i; i < features.length; ++i) {
            if (features[i] > MAX_FEATURE) revert FeatureOutOfRange(i, features[i], MAX_FEATURE);
            WordsLib.putUnsigned(words, WordsLib.startOf(0, FEATURE_BITS, i), FEATURE_BITS, features[i]);
        }
        return words[0];
    }
}
