// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {Claim} from "../types/Claim.sol";
import {ModelCommitment} from "../types/ModelCommitment.sol";
import {VerifyingKey} from "../types/VerifyingKey.sol";
import {IERC7992Registry} from "./IERC7992Registry.sol";

/// @title Keys, models and the verification of their proofs
/// @notice Keys are data, published by anyone, owned by nobody and never changed; models are immutable commitments over
/// a published key. Verification runs the registry's own code only.
/// @dev Warning: the chain cannot see a trusted setup. Whoever knows a key's trapdoor proves anything under it. A key id
/// deserves trust only when its setup was audited off chain.
interface IModelRegistry is IERC7992Registry, IERC165 {
    /// @notice A key was stored; `pointer` is the contract whose code is a zero byte and the 18 words of the key.
    event KeyPublished(bytes32 indexed keyId, address indexed publisher, address pointer, uint16 wordCount);
    /// @notice Two valid proofs contradicted each other, so the key is unsound and stopped for ever.
    event KeyStopped(bytes32 indexed keyId, address indexed caller, Claim a, Claim b);
    /// @notice The registered model takes `royaltyBps` of every job's amount for `royaltyTo`.
    event RoyaltySet(uint256 indexed modelId, uint16 royaltyBps, address indexed royaltyTo);

    /// @notice A key must have at least one output word.
    error ZeroWordCount();
    /// @notice Word `index` of the key is not below the base field's order.
    error CoordinateNotInField(uint256 index, uint256 coordinate, uint256 modulus);
    /// @notice Not on y² = x³ + 3; infinity, written (0, 0), is not either.
    error G1PointNotOnCurve(uint256 x, uint256 y);
    /// @notice Infinity, off the twisted curve, outside the subgroup of order r, or the call ran out of gas inside the
    /// precompile that tells.
    error G2PointInvalid(uint256[4] point);
    /// @notice α is the generator of G1 or its opposite, so its discrete logarithm is known.
    error AlphaIsGenerator(uint256[2] alpha);
    /// @notice β or δ is the generator γ or its opposite: phase 2 of the setup never happened, and proofs can be forged.
    error G2PointIsGenerator(uint256[4] point);
    /// @notice β and δ are equal or opposite.
    error BetaEqualsDelta(uint256[4] point);
    /// @notice Two IC points are equal or opposite, so that two different statements share a proof.
    error RepeatedIcPoint(uint256 first, uint256 second);
    /// @notice Everybody knows the trapdoor of this key; it is for development chains only.
    error DealerKeyOffDevelopmentChain(uint256 chainId, uint256 developmentChainId);
    /// @notice No key with this id was published.
    error KeyNotFound(bytes32 keyId);
    /// @notice The key was stopped by a contradiction and verifies nothing any more.
    error KeyIsStopped(bytes32 keyId);

    /// @notice The same owner registered the same commitment and royalty before.
    error ModelExists(uint256 modelId);
    /// @notice A registered model never changes.
    error ModelIsImmutable(uint256 modelId);
    /// @notice The owner deprecated the model. Not ERC-7992's (draft) name: an error and an event cannot share
    /// `ModelDeprecated`.
    error ModelIsDeprecated(uint256 modelId);
    /// @notice The proof system is not the registry's.
    error UnsupportedProofSystem(bytes4 proofSystemId, bytes4 wanted);
    /// @notice A commitment needs both hashes.
    error ZeroHash(bytes32 modelHash, bytes32 circuitHash);
    /// @notice The royalty is above the cap.
    error RoyaltyTooHigh(uint256 royaltyBps, uint256 maxRoyaltyBps);
    /// @notice There is a royalty without a receiver, or a receiver without a royalty.
    error RoyaltyReceiverMismatch(uint256 royaltyBps, address royaltyTo);

    /// @notice An input commitment is 1 to `max`, the scalar field's order less one.
    error InputCommitmentOutOfRange(uint256 inputCommitment, uint256 max);
    /// @notice Output word `index` is above 2^253 − 1: a second encoding of another output.
    error WordTooLarge(uint256 index, uint256 word, uint256 max);
    /// @notice The key fixes how many words an output has.
    error WordCountMismatch(uint256 count, uint256 wanted);
    /// @notice A proof must be made for something.
    error ZeroSubject();
    /// @notice The proof does not show this statement, has a coordinate outside the field, a point off its curve or at
    /// infinity, or the call ran out of gas inside a precompile.
    error InvalidProof(bytes32 keyId, uint256 inputCommitment, uint256 outputCommitment, uint256 context);
    /// @notice At least one of `count` proofs is false, or the call ran out of gas inside a precompile.
    error BatchProofInvalid(uint256 count);
    /// @notice The key's α or β is not that of the batch's first key, so they cannot verify together.
    error BatchKeysDiffer(bytes32 keyId, bytes32 firstKeyId);
    /// @notice The two claims are about different inputs, so they do not contradict each other.
    error InputCommitmentsDiffer(bytes32 a, bytes32 b);
    /// @notice The two claims say the same.
    error WordsAgree(bytes32 wordsHash);

    /// @notice What was given to a contract as its model registry does not answer as one by ERC-165.
    error NotAModelRegistry(address registry);

    /// @notice Stores a key. Anyone may call; publishing it again changes nothing and returns the same id, stopped or
    /// not.
    /// @dev Refuses every key that is unsound on its face. It cannot refuse a δ that its maker knows.
    /// Warning: a call starved of gas reverts on a sound key too, with `G2PointInvalid` or `DeploymentFailed`. An invalid point
    /// of G2 takes all but a 64th of the gas.
    /// @param wordCount Output words of the circuit, 1 to 65,535.
    /// @return keyId `keccak256(abi.encode(key, uint256(wordCount)))`.
    function publishKey(VerifyingKey calldata key, uint16 wordCount) external returns (bytes32 keyId);

    /// @notice The key stored under `keyId`; reverts `KeyNotFound` for an unknown one.
    function getKey(bytes32 keyId) external view returns (VerifyingKey memory key, uint16 wordCount, bool stopped);

    /// @notice Registers a model whose settlements pay `royaltyBps` of the job's amount, rounded down, to `royaltyTo`.
    /// @dev Reverts as the form without royalty, and `RoyaltyTooHigh` and `RoyaltyReceiverMismatch`.
    /// Warning: anyone can register the same key without a royalty.
    /// @param royaltyBps 0 to 1,000 hundredths of a percent; `royaltyTo` is zero exactly when it is.
    function registerModel(
        ModelCommitment calldata commitment,
        uint16 royaltyBps,
        address royaltyTo
    ) external returns (uint256 modelId);

    /// @notice What a settlement needs to know; reverts `ModelNotFound` for an unknown model.
    function termsOf(
        uint256 modelId
    ) external view returns (bytes32 keyId, uint16 royaltyBps, address royaltyTo, bool deprecated);

    /// @notice Returns if `proof` shows that the key maps the committed input to `words` for `subject`; reverts in every
    /// other case.
    /// @dev Checks in this order: key published and not stopped, subject not zero, 0 < input commitment < r, number of
    /// words, every word below 2^253, the proof.
    /// Warning: a call starved of gas reverts on a valid proof too. Never read a revert as "the proof is false".
    function verify(
        bytes32 keyId,
        bytes32 inputCommitment,
        uint256[] calldata words,
        bytes32 subject,
        uint256[8] calldata proof
    ) external view;

    /// @notice `verify` under the key of a model, with what its settlement owes; reverts `ModelNotFound` for an unknown one.
    /// @return royaltyBps Hundredths of a percent of the amount for `royaltyTo`, both zero where there is no royalty.
    function verifyFor(
        uint256 modelId,
        bytes32 inputCommitment,
        uint256[] calldata words,
        bytes32 subject,
        uint256[8] calldata proof
    ) external view returns (uint16 royaltyBps, address royaltyTo);

    /// @notice Returns if every claim holds under its key, by one pairing check over a random combination of all of them;
    /// reverts in every other case. Valid exactly when `verify` is for each claim, but for a chance of 2^-253.
    /// @dev Claim `i` is of key `keyIds[i]`; keys may come in any order and repeat, and so may claims. Keys verify together
    /// when they share α and β, as the keys of one setup do. The weights are drawn from a hash over chain, registry, keys,
    /// every signal and every proof byte.
    /// Reverts `ItemRefused` with the index and the reason of the first claim whose key is unknown, stopped or of other α
    /// and β than the first's, or that is malformed; `BatchSizeOutOfRange`, `LengthsDiffer`; and `BatchProofInvalid` when
    /// some proof is false or the call is starved of gas: `findInvalid` tells which, off chain.
    /// Warning: as for `verify`, never read a revert as "a proof is false". Precompiles are given four times the gas of
    /// EIP-1108; where one costs more, no batch verifies, and `verify` still does.
    /// @param keyIds As long as `claims`, 1 to 128.
    function verifyBatch(bytes32[] calldata keyIds, Claim[] calldata claims) external view;

    /// @notice Positions of the claims that keep `verifyBatch` from accepting the batch, ascending; empty if it does.
    /// @dev For calls off chain: bisects, so one false proof takes two to four times the gas of the batch, one with a point
    /// that a precompile refuses about five times; all of 32 are found within 30 million gas.
    /// Reverts like `verifyBatch` on malformed claims. Warning: starved of gas it names valid proofs too.
    function findInvalid(bytes32[] calldata keyIds, Claim[] calldata claims) external view returns (uint256[] memory);

    /// @notice What batches need to know of a key; reverts `KeyNotFound` for an unknown one.
    function keyStatusOf(bytes32 keyId) external view returns (uint16 wordCount, bool stopped);

    /// @notice Stops a key for ever, given two valid proofs of one input with different words. Anyone may call.
    /// @dev Checks both claims as `verify` does, first `a`; then that their inputs are equal and their words differ.
    /// Warning: whoever can forge under a key can stop it. A stop halts this key id only: drop every key of a
    /// circuit that proved unsound from allow-lists.
    function stop(bytes32 keyId, Claim calldata a, Claim calldata b) external;

    /// @notice Whether the key was stopped; reverts `KeyNotFound` for an unknown one.
    function isStopped(bytes32 keyId) external view returns (bool);
}
