// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {ISettlementRegistry} from "../interfaces/ISettlementRegistry.sol";
import {AttestationLib} from "../libraries/AttestationLib.sol";
import {RequestLib} from "../libraries/RequestLib.sol";
import {WordsLib} from "../libraries/WordsLib.sol";

/// @title AttestedLimit
/// @notice A limit for each borrower, from what `credit-gbdt` says of inputs that an issuer attested and the chain never
/// sees.
/// @dev A borrower chooses neither the inputs (the issuer signs their commitment) nor the score (it is proven). What is
/// lent within the limit is the inheriting contract's business.
abstract contract AttestedLimit is EIP712 {
    /// @notice Terms of all limits, immutable.
    struct Terms {
        /// A registered `credit-gbdt`.
        uint256 modelId;
        /// Signs attestations: an account, or a contract by ERC-1271.
        address issuer;
        /// Limit at no risk, above 0.
        uint128 maxLimit;
        /// Probability of a bad loan from which on there is no limit, in basis points, 1 to 10,000.
        uint16 maxRiskBps;
    }

    struct Limit {
        uint128 amount;
        // Unix seconds from which on it is nothing: the end of its attestation.
        uint64 expiry;
    }

    uint256 private constant BASIS_POINTS = 10_000;
    // The output's codec: the label in one bit (1 is bad), then the probabilities of good and of bad.
    uint256 private constant LABEL_BITS = 1;
    uint256 private constant PROBABILITY_BITS = 9;

    ISettlementRegistry public immutable SETTLEMENTS;
    IModelRegistry public immutable REGISTRY;
    uint256 public immutable MODEL_ID;
    bytes32 public immutable KEY_ID;
    address public immutable ISSUER;
    uint128 public immutable MAX_LIMIT;
    uint16 public immutable MAX_RISK_BPS;

    mapping(address borrower => Limit limit) private _limits;

    /// @notice The borrower's limit is `amount` until `expiry`, by this attestation (its EIP-712 digest).
    event LineOpened(address indexed borrower, bytes32 indexed attestation, uint128 amount, uint64 expiry);

    error TermsInvalid(address issuer, uint128 maxLimit, uint16 maxRiskBps);
    /// @notice A borrower has one line at a time.
    error LineExists(uint64 expiry, uint256 nowAt);
    /// @notice The label is bad, or the risk is not below the greatest that is taken.
    error TooRisky(bool bad, uint256 riskBps, uint256 maxRiskBps);

    /// @dev The model must be registered and have one output word.
    constructor(ISettlementRegistry settlements, Terms memory terms) {
        bool bounded = terms.maxLimit != 0 && terms.maxRiskBps != 0 && terms.maxRiskBps <= BASIS_POINTS;
        if (!bounded || terms.issuer == address(0)) {
            revert TermsInvalid(terms.issuer, terms.maxLimit, terms.maxRiskBps);
        }
        (SETTLEMENTS, REGISTRY) = (settlements, settlements.REGISTRY());
        (MODEL_ID, ISSUER) = (terms.modelId, terms.issuer);
        (MAX_LIMIT, MAX_RISK_BPS) = (terms.maxLimit, terms.maxRiskBps);
        (KEY_ID, , , ) = REGISTRY.termsOf(MODEL_ID);
        (, uint16 wordCount, ) = REGISTRY.getKey(KEY_ID);
        if (wordCount != 1) revert IModelRegistry.WordCountMismatch(wordCount, 1);
    }

    /// @notice Opens the caller's line with an attested input and a proof of what the model says of it.
    /// @dev The line ends with its attestation, so when another can be opened that attestation is over: none opens two.
    /// Somebody else who has the proof recorded first changes nothing.
    /// @param expiry The attestation's end, unix seconds.
    /// @param proof Made for `subjectOf` the caller, the input commitment and the expiry.
    function open(
        bytes32 inputCommitment,
        uint64 expiry,
        bytes calldata signature,
        uint256[] calldata words,
        uint256[8] calldata proof
    ) external {
        uint64 runsUntil = _limits[msg.sender].expiry;
        if (block.timestamp < runsUntil) revert LineExists(runsUntil, block.timestamp);
        (, , , bool deprecated) = REGISTRY.termsOf(MODEL_ID);
        if (deprecated) revert IModelRegistry.ModelIsDeprecated(MODEL_ID);
        bytes32 attestation = attestationOf(msg.sender, inputCommitment, expiry);
        AttestationLib.requireSigned(attestation, ISSUER, expiry, signature);

        // A contract without calls to others but its own registry: nobody can come back here during it.
        SETTLEMENTS.verifyAndSettle(
            MODEL_ID,
            inputCommitment,
            words,
            RequestLib.subjectOf(SETTLEMENTS, attestation),
            proof
        );

        uint128 amount = amountFor(words);
        _limits[msg.sender] = Limit({amount: amount, expiry: expiry});
        emit LineOpened(msg.sender, attestation, amount, expiry);
    }

    /// @notice The borrower's limit now: nothing before `open`, once its attestation is over or its key stopped.
    function limitOf(address borrower) public view returns (uint128) {
        Limit memory limit = _limits[borrower];
        if (block.timestamp >= limit.expiry || REGISTRY.isStopped(KEY_ID)) return 0;
        return limit.amount;
    }

    /// @notice The limit that an output gives: linear from `MAX_LIMIT` at no risk to nothing at `MAX_RISK_BPS`, rounded
    /// down; reverts `TooRisky` from there on. The risk is bad / (good + bad), rounded up, whatever the codec's scale.
    function amountFor(uint256[] calldata words) public view returns (uint128) {
        bool bad = WordsLib.unsignedAt(words, 0, LABEL_BITS) == 1;
        uint256 goodChance = _probability(words, 0);
        uint256 badChance = _probability(words, 1);
        uint256 sum = goodChance + badChance;
        // Without any chance there is no score, which is no reason to lend.
        uint256 riskBps = sum == 0 ? BASIS_POINTS : FixedPointMathLib.divUp(badChance * BASIS_POINTS, sum);
        if (bad || riskBps >= MAX_RISK_BPS) revert TooRisky(bad, riskBps, MAX_RISK_BPS);
        // At most MAX_LIMIT, so the cast keeps it.
        return uint128((uint256(MAX_LIMIT) * (MAX_RISK_BPS - riskBps)) / MAX_RISK_BPS);
    }

    /// @notice The EIP-712 digest that the issuer signs for a borrower's input.
    function attestationOf(address borrower, bytes32 inputCommitment, uint64 expiry) public view returns (bytes32) {
        return _hashTypedDataV4(AttestationLib.structHash(KEY_ID, borrower, inputCommitment, expiry));
    }

    /// @notice What the proof for `open` is for.
    function subjectOf(address borrower, bytes32 inputCommitment, uint64 expiry) external view returns (bytes32) {
        return RequestLib.subjectOf(SETTLEMENTS, attestationOf(borrower, inputCommitment, expiry));
    }

    function _probability(uint256[] calldata words, uint256 index) private pure returns (uint256) {
        return WordsLib.unsignedAt(words, WordsLib.startOf(LABEL_BITS, PROBABILITY_BITS, index), PROBABILITY_BITS);
    }
}
