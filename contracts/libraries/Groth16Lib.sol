// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Groth16 over BN254 for three public signals, the key held as contract code
library Groth16Lib {
    /// @dev Order of the scalar field (EIP-197): signals are below it.
    uint256 internal constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    /// @dev Order of the base field (EIP-197): coordinates are below it.
    uint256 internal constant Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583;

    /// @dev The generator of G2, in the coordinate order of EIP-197.
    uint256 internal constant G2_X1 = 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2;
    uint256 internal constant G2_X0 = 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed;
    uint256 internal constant G2_Y1 = 0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b;
    uint256 internal constant G2_Y0 = 0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa;

    /// @dev Whether e(α, β) · e(C, δ) · e(IC₀ + Σ sᵢ·ICᵢ₊₁, γ) · e(−A, B) = 1.
    ///
    /// Assumes: `pointer` holds a published key and every signal is below R. Enforces: A.y in [1, Q), since the
    /// negation Q − A.y would turn (0, Q) into infinity; A.x, B and C by the pairing precompile, which takes
    /// only coordinates below Q, points on their curves and B in its subgroup; no point at infinity, which the
    /// precompile would take. False also when a precompile runs out of gas: the caller may only revert on it.
    ///
    /// In assembly because the key is copied from code to where the precompiles read it, and every operand is used
    /// in place: Solidity would copy 768 bytes twice over. Bytes from `p`, which is free memory:
    ///
    /// | offset | code copy | sum of ICs              | pairing |
    /// |--------|-----------|-------------------------|---------|
    /// |   0    | α, β      |                         | α, β    |
    /// | 192    | δ         |                         | C       |
    /// | 256    |  ⋮        |                         | δ       |
    /// | 320    | IC₀       | IC₀                     |  ⋮      |
    /// | 384    | IC₁       | IC₁, s₀ → sum           | sum     |
    /// | 448    | IC₂       | IC₂, s₁                 | γ       |
    /// | 512    | IC₃       | IC₃, s₂ → sᵢ·ICᵢ₊₁      |  ⋮      |
    /// | 576    |           | running sum             | −A, B   |
    function isValid(
        address pointer,
        uint256 s0,
        uint256 s1,
        uint256 s2,
        uint256[8] calldata proof
    ) internal view returns (bool valid) {
        assembly ("memory-safe") {
            let p := mload(0x40)
            // Offset 1 skips the zero byte that keeps the data from being run.
            extcodecopy(pointer, p, 1, 576)

            // Arguments are evaluated last to first, so each call comes before the check of how much it returned. That
            // check also catches a chain without the precompile, where a call succeeds and returns nothing.
            // s₂·IC₃, s₁·IC₂ and their sum; each scalar is written behind its point, over what was used already.
            mstore(add(p, 576), s2)
            let ok := and(eq(returndatasize(), 64), staticcall(gas(), 7, add(p, 512), 96, add(p, 576), 64))
            mstore(add(p, 512), s1)
            ok := and(ok, and(eq(returndatasize(), 64), staticcall(gas(), 7, add(p, 448), 96, add(p, 512), 64)))
            ok := and(ok, and(eq(returndatasize(), 64), staticcall(gas(), 6, add(p, 512), 128, add(p, 576), 64)))
            // s₀·IC₁, then the sum with it and with IC₀.
            mstore(add(p, 448), s0)
            ok := and(ok, and(eq(returndatasize(), 64), staticcall(gas(), 7, add(p, 384), 96, add(p, 512), 64)))
            ok := and(ok, and(eq(returndatasize(), 64), staticcall(gas(), 6, add(p, 512), 128, add(p, 384), 64)))
            ok := and(ok, and(eq(returndatasize(), 64), staticcall(gas(), 6, add(p, 320), 128, add(p, 384), 64)))

            mcopy(add(p, 256), add(p, 192), 128)
            calldatacopy(add(p, 192), add(proof, 192), 64)
            mstore(add(p, 448), G2_X1)
            mstore(add(p, 480), G2_X0)
            mstore(add(p, 512), G2_Y1)
            mstore(add(p, 544), G2_Y0)
            calldatacopy(add(p, 576), proof, 192)

            let y := mload(add(p, 608))
            // y − 1 wraps for 0, so one comparison refuses 0 and everything from Q on.
            ok := and(ok, lt(sub(y, 1), sub(Q, 1)))
            mstore(add(p, 608), sub(Q, y))
            let b := or(or(mload(add(p, 640)), mload(add(p, 672))), or(mload(add(p, 704)), mload(add(p, 736))))
            let c := or(mload(add(p, 192)), mload(add(p, 224)))
            ok := and(ok, iszero(or(iszero(b), iszero(c))))

            ok := and(ok, and(eq(returndatasize(), 32), staticcall(gas(), 8, p, 768, 0, 32)))
            valid := and(ok, eq(mload(0), 1))
        }
    }
}
