// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Groth16Lib} from "../../contracts/libraries/Groth16Lib.sol";
import {VerifyingKey} from "../../contracts/types/VerifyingKey.sol";

/// @title A key whose trapdoor is known, and with it a valid proof of any statement
/// @dev Scalars are those of `trapdoorOf("solidity")` in test/fixtures/mint.ts; there is no precompile that multiplies
/// in G2, so β, δ and three choices of B are written out. ICs depend on a variant, which makes many keys.
library Trapdoor {
    uint256 private constant ALPHA = 0x1b90bd68fee219a9d42101a760a323303b8ce1b7c769bd82d99213bccda4fde1;
    uint256 private constant BETA = 0x14c0127fbfb1ceb47a526cf8b68647e07ef78508001fece08dde2cd40007747c;
    uint256 private constant DELTA_INVERSE = 0x227367662d2b4c5b664fe592a90f42c414b6a35c1aa0c9fdbd913749c4efb5a0;

    /// @dev The key of a variant; any two variants below 2^32 differ.
    function key(uint256 variant) internal view returns (VerifyingKey memory result) {
        result.alpha = timesG1(ALPHA);
        result.beta = _beta();
        result.delta = _delta();
        for (uint256 i; i < 4; ++i) result.ic[i] = timesG1(icOf(variant, i));
    }

    /// @dev A valid proof for three signals below r. `randomness` chooses among many proofs of the statement.
    function prove(
        uint256 variant,
        uint256[3] memory signals,
        uint256 randomness
    ) internal view returns (uint256[8] memory proof) {
        uint256 a = 1 + (uint256(keccak256(abi.encode(randomness))) % (Groth16Lib.R - 1));
        (uint256 b, uint256[4] memory bPoint) = _b(randomness % 3);
        uint256 sum = addmod(mulmod(ALPHA, BETA, Groth16Lib.R), icOf(variant, 0), Groth16Lib.R);
        for (uint256 i; i < 3; ++i) {
            sum = addmod(sum, mulmod(signals[i], icOf(variant, i + 1), Groth16Lib.R), Groth16Lib.R);
        }
        uint256 c = addmod(mulmod(a, b, Groth16Lib.R), Groth16Lib.R - sum, Groth16Lib.R);
        uint256[2] memory aPoint = timesG1(a);
        uint256[2] memory cPoint = timesG1(mulmod(c, DELTA_INVERSE, Groth16Lib.R));
        proof[0] = aPoint[0];
        proof[1] = aPoint[1];
        for (uint256 i; i < 4; ++i) proof[2 + i] = bPoint[i];
        proof[6] = cPoint[0];
        proof[7] = cPoint[1];
    }

    /// @dev Discrete logarithm of an IC point.
    function icOf(uint256 variant, uint256 index) internal pure returns (uint256) {
        return 2 + variant * 4 + index;
    }

    /// @dev The multiple of the generator (1, 2) by ECMUL.
    function timesG1(uint256 scalar) internal view returns (uint256[2] memory) {
        (bool success, bytes memory result) = address(7).staticcall(abi.encode(1, 2, scalar));
        require(success && result.length == 64, "ECMUL failed");
        return abi.decode(result, (uint256[2]));
    }

    function _beta() private pure returns (uint256[4] memory) {
        return
            [
                uint256(0x13f0784d3a029eb6869eb4cc03179d751492868d06ec01cca0143488fa140768),
                0x0b76afb87431c20e2b7a77c7fceaa2c8c0e241932b8e56e69eb30dbce60123e6,
                0x1dd59b48d7a819583df0d9473777d5c54ce294a1c0f195c242a9c4e6b59a8f65,
                0x1c6a8090ebcabb447831d012abebe126d04c8c1b9d7299d069842b270a230ba2
            ];
    }

    function _delta() private pure returns (uint256[4] memory) {
        return
            [
                uint256(0x231c15d87b6f5100b70c17b57aebc0daa5e9193421f3bbf4843ad36dc4257957),
                0x13e10bceafba7cd7f451cc6859432d9f977ddbee04e169ca760e2ca6c5f342dc,
                0x21bb3a3cb8462658622868234b0ce2c6a9015bf69d97d4faddca68ae303ca430,
                0x0f44589b24e5ad51b5171ce0038969253375177a2dcebd35235f6a9277b378fb
            ];
    }

    function _b(uint256 choice) private pure returns (uint256 scalar, uint256[4] memory point) {
        if (choice == 0) {
            scalar = 0x00f2466bd9b4789c5aa6daf6988859e7713c45d7f4949f25bd7de649829d0111;
            point = [
                uint256(0x26323eefd6ceec576953b0cf9c317ed8852c606b965fe1c07b0b172b0b00e4c5),
                0x15c84c6b040fe917dc641ad83cc019ffe1b4f32c5117697bcedfd30dc236f7cd,
                0x22925c9057ef1a17affbc8829cc96b9e7361f93148d2ce5041ba77da8838818f,
                0x2d5988a39b80c0fcc174b00591d070d0bb3e483119fc55f2f7027a203cb976e3
            ];
            return (scalar, point);
        }
        if (choice == 1) {
            scalar = 0x1ee2564641e71de66d5364d42d0762c74a56ba5f82b7208462d902760fd4b2e7;
            point = [
                uint256(0x128278bf552ef8410abbf1557c9862cfacac1e44b0747b22cec952f5d750df17),
                0x2b9dfade8d6e3d9a2e62d58a09ad9b1abf3d79afe354e9edb2032271e7de560d,
                0x16b19a606b6df6b9435b3fdbd2193ea72c2797e0efd2e314a81cbfa3127a5289,
                0x010d7a10c18665a76d3a1b76a1745dcf2a7acf1b12acaa0f19f412dce629ab3c
            ];
            return (scalar, point);
        }
        scalar = 0x2c0f5028f25b129c1dd8791fc3df4ca0bc3536d31eebf5e5b968d33a9ecf78ce;
        point = [
            uint256(0x1821f42204ff11340ffb11d4faa201f57b41f0a5aabbb03f036f18dc5de0d284),
            0x1fda1626516e03f79fbe6fa02ffce03b637594e1022fb9ea0adf857b019f116d,
            0x11f1dfef659f7c4622991ac39b0ccd5fba1d89766c27aa25663af0f7563e3dc4,
            0x13277439b67cd840ecfe2f4384a9f2a8e4401e1ebebd20f15fe91b026dd77ecf
        ];
        return (scalar, point);
    }
}
