// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {DealerConstants} from "../generated/DealerConstants.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {VerifyingKey} from "../types/VerifyingKey.sol";
import {Groth16Lib} from "./Groth16Lib.sol";

/// @title What a key must satisfy to be published
library KeyLib {
    uint256 private constant KEY_WORDS = 18;
    uint256 private constant IC_POINTS = 4;
    /// @dev x-coordinate of the generator of G1, (1, 2).
    uint256 private constant G1_X = 1;

    /// @dev `keccak256(abi.encode(key, uint256(wordCount)))`.
    function idOf(VerifyingKey calldata key, uint16 wordCount) internal pure returns (bytes32) {
        return keccak256(abi.encode(key, uint256(wordCount)));
    }

    /// @dev Reverts unless the points are valid, distinct where equality lets proofs be forged, and not the public
    /// dealer's off its chain.
    function requireAcceptable(VerifyingKey calldata key) internal view {
        _requireNotDealer(key);
        _requireInField(key);
        _requireOnCurve(key.alpha);
        if (key.alpha[0] == G1_X) revert IModelRegistry.AlphaIsGenerator(key.alpha);
        for (uint256 i; i < IC_POINTS; ++i) _requireOnCurve(key.ic[i]);
        _requireValidG2(key.beta);
        _requireValidG2(key.delta);
        _requireDistinctG2(key);
        _requireDistinctIc(key);
    }

    /// @dev An accident guard: the constants can be disguised, and then the trapdoor holds all the same.
    function _requireNotDealer(VerifyingKey calldata key) private view {
        if (block.chainid == DealerConstants.DEVELOPMENT_CHAIN_ID) return;
        bool dealerAlpha = key.alpha[0] == DealerConstants.ALPHA_X;
        bool dealerBeta = key.beta[0] == DealerConstants.BETA_X1 && key.beta[1] == DealerConstants.BETA_X0;
        if (dealerAlpha || dealerBeta) {
            revert IModelRegistry.DealerKeyOffDevelopmentChain(block.chainid, DealerConstants.DEVELOPMENT_CHAIN_ID);
        }
    }

    function _requireInField(VerifyingKey calldata key) private pure {
        for (uint256 i; i < KEY_WORDS; ++i) {
            uint256 coordinate;
            // A key is 18 consecutive words of calldata; Solidity has no index over all of them.
            assembly ("memory-safe") {
                coordinate := calldataload(add(key, shl(5, i)))
            }
            if (coordinate >= Groth16Lib.Q) revert IModelRegistry.CoordinateNotInField(i, coordinate, Groth16Lib.Q);
        }
    }

    /// @dev G1 is the whole curve, so there is no subgroup to check; (0, 0) for infinity fails the equation.
    function _requireOnCurve(uint256[2] calldata point) private pure {
        (uint256 x, uint256 y) = (point[0], point[1]);
        uint256 cube = mulmod(mulmod(x, x, Groth16Lib.Q), x, Groth16Lib.Q);
        if (mulmod(y, y, Groth16Lib.Q) != addmod(cube, 3, Groth16Lib.Q)) revert IModelRegistry.G1PointNotOnCurve(x, y);
    }

    /// @dev The pairing precompile refuses what is off the curve or out of the subgroup. e(G, P)·e(−G, P) is 1 for all
    /// others, with a G1 point that is not infinity so that no implementation skips the pair.
    function _requireValidG2(uint256[4] calldata point) private view {
        (uint256 x1, uint256 x0, uint256 y1, uint256 y0) = (point[0], point[1], point[2], point[3]);
        bool infinity = (x1 | x0 | y1 | y0) == 0;
        (bool success, bytes memory result) = address(8).staticcall(
            abi.encode(1, 2, x1, x0, y1, y0, 1, Groth16Lib.Q - 2, x1, x0, y1, y0)
        );
        if (infinity || !success || result.length != 32 || uint256(bytes32(result)) != 1) {
            revert IModelRegistry.G2PointInvalid(point);
        }
    }

    /// @dev By x-coordinate, which stands for a point and its opposite.
    function _requireDistinctG2(VerifyingKey calldata key) private pure {
        uint256[4] memory generator = [Groth16Lib.G2_X1, Groth16Lib.G2_X0, Groth16Lib.G2_Y1, Groth16Lib.G2_Y0];
        if (_sameX(key.beta, generator)) revert IModelRegistry.G2PointIsGenerator(key.beta);
        if (_sameX(key.delta, generator)) revert IModelRegistry.G2PointIsGenerator(key.delta);
        if (_sameX(key.beta, key.delta)) revert IModelRegistry.BetaEqualsDelta(key.beta);
    }

    function _sameX(uint256[4] memory a, uint256[4] memory b) private pure returns (bool) {
        return a[0] == b[0] && a[1] == b[1];
    }

    /// @dev By x-coordinate, as above.
    function _requireDistinctIc(VerifyingKey calldata key) private pure {
        for (uint256 i = 1; i < IC_POINTS; ++i) {
            for (uint256 j; j < i; ++j) {
                if (key.ic[i][0] == key.ic[j][0]) revert IModelRegistry.RepeatedIcPoint(j, i);
            }
        }
    }
}
