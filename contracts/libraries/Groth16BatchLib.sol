// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";

import {Groth16Lib} from "./Groth16Lib.sol";

/// @title Many Groth16 proofs by one pairing check
/// @notice Claim i, of key k, holds when e(α, β) · e(Cᵢ, δₖ) · e(Sᵢ, γ) · e(−Aᵢ, Bᵢ) = 1, where
/// Sᵢ = IC₀ + s₀·IC₁ + s₁·IC₂ + s₂·IC₃ with the points of k. Raised to a weight wᵢ each and multiplied, all of them say
///
///     ∏ᵢ e(−wᵢ·Aᵢ, Bᵢ) · ∏ₖ e(Σ wᵢ·Cᵢ, δₖ) · e(Σ wᵢ·Sᵢ, γ) · e((Σ wᵢ)·α, β) = 1
///
/// which takes N + M + 2 pairs for N claims of M keys that share α and β. Of Sᵢ, only the sums of wᵢ, wᵢ·s₀, wᵢ·s₁ and
/// wᵢ·s₂ over the claims of a key are needed, so each IC point is multiplied once.
/// @dev Why the weights cannot be met: the product of false claim i is an element other than 1 of a group of prime
/// order r, so with all else fixed at most one residue wᵢ mod r lets the whole come out as 1. wᵢ is 253 bits of a hash,
/// each of those 2^253 values another residue since 2^253 < r: a chance of 2^-253, without bias. The hash covers every
/// claim in full, so whoever changes a byte to repair the product draws all weights anew. The first weight is 1: only
/// ratios of weights matter, and a batch in which only the first claim is false fails for certain.
/// @dev Why no invalid point gets through: Aᵢ and Cᵢ are multiplied or added by precompiles or go to the pairing, Bᵢ
/// goes to the pairing as it is, and each of these refuses coordinates from q on, points off the curve and, for Bᵢ, out
/// of the subgroup. Infinity, which they take, is refused here, as `Groth16Lib.isValid` does.
/// @dev Precompiles are called in assembly, with operands where they are. Arguments are evaluated last to first, so each
/// call comes before the check of how much it returned. That check also catches a chain without the precompile, where a
/// call succeeds and returns nothing.
library Groth16BatchLib {
    uint256 private constant R = Groth16Lib.R;
    uint256 private constant Q = Groth16Lib.Q;

    /// @dev Keeps this hash apart from every other use of keccak256.
    bytes32 private constant DOMAIN = keccak256("Tollgate Groth16 batch");

    /// @dev A precompile that refuses its input burns all gas it was given. It is given four times the price of
    /// EIP-1108, so that a malformed point costs that and not the whole call. If prices ever rise beyond it, batches stop
    /// verifying, and single verification, which forwards all gas, still works.
    uint256 private constant ADD_GAS = 4 * 150;
    uint256 private constant MUL_GAS = 4 * 6_000;
    uint256 private constant PAIRING_GAS = 4 * 45_000;
    uint256 private constant PAIR_GAS = 4 * 34_000;

    /// @dev Bytes of a point of G1, and of a pair (G1, G2) in the pairing's input.
    uint256 private constant POINT_SIZE = 64;
    uint256 private constant PAIR_SIZE = 192;

    /// @dev Where the sums are in a `Key`.
    uint256 private constant KEY_SUMS = 96;

    /// @dev An item is a claim as 13 words in memory, everything that the weights are drawn from: the address of its
    /// `Key` (which order and ids of the keys determine), the key id, s₀, s₁, s₂, then A, B and C as in calldata. Items
    /// have no gaps between them, so they are hashed where they are; an array of structs would be one of pointers.
    uint256 private constant ITEM_SIZE = 416;
    uint256 private constant ITEM_S0 = 64;
    uint256 private constant ITEM_S1 = 96;
    uint256 private constant ITEM_S2 = 128;
    uint256 private constant ITEM_A = 160;
    uint256 private constant ITEM_B = 224;
    uint256 private constant ITEM_C = 352;

    /// @dev Where a key's points are in the code that holds it; a zero byte comes first.
    uint256 private constant ALPHA_AT = 1;
    uint256 private constant BETA_AT = 65;
    uint256 private constant DELTA_AT = 193;
    /// @dev Bytes of δ and of the four IC points, which follow it.
    uint256 private constant KEY_POINTS_SIZE = 384;

    /// @dev A key of the batch, and the sums over those of its claims that are being checked.
    struct Key {
        bytes32 id;
        address pointer;
        uint256 wordCount;
        // Σ wᵢ and Σ wᵢ·sⱼ mod r.
        uint256 weight;
        uint256 weighted0;
        uint256 weighted1;
        uint256 weighted2;
        // Address in memory of the pair (Σ wᵢ·Cᵢ, δ); 0 while there is no claim.
        uint256 pair;
    }

    struct Batch {
        // The different keys in the order of their first claims.
        Key[] keys;
        // Hash of the α and β that all keys share.
        bytes32 alphaBeta;
        // Key that was looked up last.
        uint256 lastKey;
        // Address in memory of `count` items.
        uint256 items;
        uint256 count;
        // Address in memory of the pairing's input.
        uint256 pairs;
    }

    /// @dev A batch of `count` claims, each still to be set.
    function create(uint256 count) internal pure returns (Batch memory batch) {
        batch.keys = _asKeys(new uint256[](count));
        batch.items = _allocate(count * ITEM_SIZE);
        batch.count = count;
    }

    /// @dev Position of a key that was added before, `keys.length` if there is none. Keys often take turns, so the search
    /// starts behind the one found last and goes round.
    function indexOf(Batch memory batch, bytes32 keyId) internal pure returns (uint256 index) {
        Key[] memory keys = batch.keys;
        uint256 count = keys.length;
        index = batch.lastKey;
        // Neither passes the number of keys.
        unchecked {
            for (uint256 step; step < count; ++step) {
                if (++index >= count) index = 0;
                if (keys[index].id == keyId) {
                    batch.lastKey = index;
                    return index;
                }
            }
        }
        return count;
    }

    /// @dev Adds a key; false if its α or β is not that of the first.
    function addKey(Batch memory batch, bytes32 id, address pointer, uint256 wordCount) internal view returns (bool) {
        Key[] memory keys = batch.keys;
        uint256 count = keys.length;
        bytes32 alphaBeta = _alphaBetaOf(pointer);
        if (count == 0) batch.alphaBeta = alphaBeta;
        else if (batch.alphaBeta != alphaBeta) return false;
        // Within the room, as there are no more keys than claims.
        assembly ("memory-safe") {
            mstore(keys, add(count, 1))
        }
        Key memory key;
        (key.id, key.pointer, key.wordCount) = (id, pointer, wordCount);
        keys[count] = key;
        batch.lastKey = count;
        return true;
    }

    /// @dev Sets claim `index` of the batch; each signal is below r.
    function setClaim(
        Batch memory batch,
        uint256 index,
        Key memory key,
        uint256 s0,
        uint256 s1,
        uint256 s2,
        uint256[8] calldata proof
    ) internal pure {
        uint256 item = _itemAt(batch, index);
        // Solidity has no structs side by side in memory.
        assembly ("memory-safe") {
            mstore(item, key)
            // The key's id is its first field.
            mstore(add(item, 32), mload(key))
            mstore(add(item, ITEM_S0), s0)
            mstore(add(item, ITEM_S1), s1)
            mstore(add(item, ITEM_S2), s2)
            calldatacopy(add(item, ITEM_A), proof, 256)
        }
    }

    /// @dev Whether every claim holds, at least one. False also when a precompile runs out of gas: the caller may only
    /// revert on it.
    function isValid(Batch memory batch) internal view returns (bool valid) {
        _allocatePairs(batch);
        (, valid) = _check(batch, 0, batch.count);
    }

    /// @dev Positions of the claims that do not hold, ascending. Takes the batch apart.
    function findInvalid(Batch memory batch) internal view returns (uint256[] memory indices) {
        _allocatePairs(batch);
        bool[] memory invalid = new bool[](batch.count);
        (bool answered, bool valid) = _check(batch, 0, batch.count);
        if (!valid) {
            // A refused point costs four times the price of the whole check, so all of them are found one by one first.
            uint256[] memory positions = answered ? _allPositions(batch.count) : _setRefusedApart(batch, invalid);
            if (batch.count != 0) _bisect(batch, 0, batch.count, answered, positions, invalid);
        }
        return _trueIndices(invalid);
    }

    /// @dev Marks the invalid claims from `start` to before `end`, and returns whether there is none. `known` says that
    /// there is one.
    function _bisect(
        Batch memory batch,
        uint256 start,
        uint256 end,
        bool known,
        uint256[] memory positions,
        bool[] memory invalid
    ) private view returns (bool valid) {
        if (!known) {
            (, valid) = _check(batch, start, end);
            if (valid) return true;
        }
        if (end - start == 1) {
            invalid[positions[start]] = true;
            return false;
        }
        uint256 middle = (start + end) / 2;
        bool leftValid = _bisect(batch, start, middle, false, positions, invalid);
        // With nothing wrong on the left, it must be on the right.
        _bisect(batch, middle, end, leftValid, positions, invalid);
        return false;
    }

    /// @dev Marks the claims with a point that a precompile refuses and removes them; returns where the others were.
    function _setRefusedApart(
        Batch memory batch,
        bool[] memory invalid
    ) private view returns (uint256[] memory positions) {
        positions = _allPositions(batch.count);
        uint256 kept;
        for (uint256 i; i < positions.length; ++i) {
            uint256 item = _itemAt(batch, i);
            if (_hasValidPoints(item, batch.pairs)) {
                _copy(_itemAt(batch, kept), item);
                positions[kept] = i;
                ++kept;
            } else {
                invalid[i] = true;
            }
        }
        batch.count = kept;
    }

    /// @dev The check of the claims from `start` to before `end`, at least one. `answered` says that the pairing took
    /// all of their points.
    function _check(Batch memory batch, uint256 start, uint256 end) private view returns (bool answered, bool valid) {
        bytes32 seed = _seedOf(batch, start, end);
        Key[] memory keys = batch.keys;
        uint256 pair = batch.pairs;
        uint256 item = _itemAt(batch, start);
        uint256 weight = 1;
        Key memory key = keys[0];
        _forgetSums(keys);
        // Positions in the batch and addresses in memory are far from wrapping. The first word of an item is its key.
        unchecked {
            uint256 free = pair + (end - start) * PAIR_SIZE;
            for (uint256 i = start; i < end; ++i) {
                assembly ("memory-safe") {
                    key := mload(item)
                }
                if (key.pair == 0) {
                    _startSums(key, free);
                    free += PAIR_SIZE;
                }
                if (i != start) weight = _weightOf(seed, i - start);
                _addSignals(key, item, weight);
                if (!_addPoints(item, weight, pair, key.pair)) return (false, false);
                item += ITEM_SIZE;
                pair += PAIR_SIZE;
            }
            uint256 count = (free - batch.pairs) / PAIR_SIZE + 2;
            return _writeKeys(keys, free) ? _pairing(batch.pairs, count) : (false, false);
        }
    }

    /// @dev Adds w, w·s₀, w·s₁ and w·s₂ to the sums of the claim's key.
    function _addSignals(Key memory key, uint256 item, uint256 weight) private pure {
        uint256 r = R;
        // In the order of the fields, for what Solidity makes of seven reads and four writes.
        assembly ("memory-safe") {
            let sums := add(key, KEY_SUMS)
            mstore(sums, addmod(mload(sums), weight, r))
            let s0 := mload(add(item, ITEM_S0))
            let s1 := mload(add(item, ITEM_S1))
            let s2 := mload(add(item, ITEM_S2))
            mstore(add(sums, 32), addmod(mload(add(sums, 32)), mulmod(weight, s0, r), r))
            mstore(add(sums, 64), addmod(mload(add(sums, 64)), mulmod(weight, s1, r), r))
            mstore(add(sums, 96), addmod(mload(add(sums, 96)), mulmod(weight, s2, r), r))
        }
    }

    /// @dev Writes the pair (−w·A, B) at `pair` and adds w·C to the point at `sum`.
    ///
    /// In assembly because the precompiles work in place: A is multiplied where the pair needs it, by a scalar behind
    /// it, and then B comes over that scalar; C is multiplied behind the sum, where δ will be, and added from there.
    /// With the weight 1, −A is (A.x, q − A.y), and nothing is multiplied; the pairing and the addition check A and C.
    function _addPoints(uint256 item, uint256 weight, uint256 pair, uint256 sum) private view returns (bool ok) {
        // Assembly takes no constants of other constants.
        (uint256 q, uint256 r) = (Q, R);
        ok = _isNormal(item);
        assembly ("memory-safe") {
            mcopy(pair, add(item, ITEM_A), 64)
            mcopy(add(sum, 64), add(item, ITEM_C), 64)
            switch weight
            case 1 {
                mstore(add(pair, 32), sub(q, mload(add(pair, 32))))
            }
            default {
                mstore(add(pair, 64), sub(r, weight))
                ok := and(ok, and(eq(returndatasize(), 64), staticcall(MUL_GAS, 7, pair, 96, pair, 64)))
                mstore(add(sum, 128), weight)
                ok := and(ok, and(eq(returndatasize(), 64), staticcall(MUL_GAS, 7, add(sum, 64), 96, add(sum, 64), 64)))
            }
            mcopy(add(pair, 64), add(item, ITEM_B), 128)
            ok := and(ok, and(eq(returndatasize(), 64), staticcall(ADD_GAS, 6, sum, 128, sum, 64)))
        }
    }

    /// @dev Writes δ behind every key's sum, and from `pair` on ((Σ wᵢ)·α, β) and (Σ wᵢ·Sᵢ, γ).
    function _writeKeys(Key[] memory keys, uint256 pair) private view returns (bool ok) {
        uint256 weight;
        uint256 sum = pair + PAIR_SIZE;
        _storeInfinity(sum);
        ok = true;
        for (uint256 k; k < keys.length; ++k) {
            Key memory key = keys[k];
            if (key.pair == 0) continue;
            weight = addmod(weight, key.weight, R);
            ok = ok && _writeKey(key, sum);
        }
        _writeGamma(sum + POINT_SIZE);
        return ok && _writeAlphaBeta(pair, keys[0].pointer, weight);
    }

    /// @dev Writes δ behind the key's Σ wᵢ·Cᵢ, and adds to the point at `sum` the key's share of Σ wᵢ·Sᵢ: four IC points
    /// times the key's four sums. In assembly because the precompiles work in place: behind the sum stands the IC point,
    /// behind that its scalar. Behind the pair of the sum, which is the last, there is room for δ and the IC points.
    function _writeKey(Key memory key, uint256 sum) private view returns (bool ok) {
        (address pointer, uint256 pair) = (key.pointer, key.pair);
        assembly ("memory-safe") {
            let points := add(sum, PAIR_SIZE)
            extcodecopy(pointer, points, DELTA_AT, KEY_POINTS_SIZE)
            mcopy(add(pair, 64), points, 128)
            let scalars := add(key, KEY_SUMS)
            ok := 1
            for {
                let j := 0
            } lt(j, 4) {
                j := add(j, 1)
            } {
                mcopy(add(sum, 64), add(add(points, 128), shl(6, j)), 64)
                mstore(add(sum, 128), mload(add(scalars, shl(5, j))))
                let term := add(sum, 64)
                ok := and(ok, and(eq(returndatasize(), 64), staticcall(MUL_GAS, 7, term, 96, term, 64)))
                ok := and(ok, and(eq(returndatasize(), 64), staticcall(ADD_GAS, 6, sum, 128, sum, 64)))
            }
        }
    }

    /// @dev Writes the pair (w·α, β).
    function _writeAlphaBeta(uint256 pair, address pointer, uint256 weight) private view returns (bool ok) {
        assembly ("memory-safe") {
            // β last, over the place of the scalar.
            extcodecopy(pointer, pair, ALPHA_AT, 64)
            mstore(add(pair, 64), weight)
            ok := and(eq(returndatasize(), 64), staticcall(MUL_GAS, 7, pair, 96, pair, 64))
            extcodecopy(pointer, add(pair, 64), BETA_AT, 128)
        }
    }

    function _writeGamma(uint256 at) private pure {
        (uint256 x1, uint256 x0) = (Groth16Lib.G2_X1, Groth16Lib.G2_X0);
        (uint256 y1, uint256 y0) = (Groth16Lib.G2_Y1, Groth16Lib.G2_Y0);
        assembly ("memory-safe") {
            mstore(at, x1)
            mstore(add(at, 32), x0)
            mstore(add(at, 64), y1)
            mstore(add(at, 96), y0)
        }
    }

    /// @dev Whether A.y is in [1, q), where its negation is the opposite point's, and neither B nor C is infinity.
    function _isNormal(uint256 item) private pure returns (bool normal) {
        uint256 q = Q;
        assembly ("memory-safe") {
            let y := mload(add(item, 192))
            let b := or(mload(add(item, 224)), mload(add(item, 256)))
            b := or(b, or(mload(add(item, 288)), mload(add(item, 320))))
            let c := or(mload(add(item, 352)), mload(add(item, 384)))
            // y − 1 wraps for 0, so one comparison refuses 0 and everything from q on.
            normal := and(lt(sub(y, 1), sub(q, 1)), iszero(or(iszero(b), iszero(c))))
        }
    }

    /// @dev Whether every point of the proof is a valid one. Overwrites a pair at `scratch`.
    function _hasValidPoints(uint256 item, uint256 scratch) private view returns (bool ok) {
        if (!_isNormal(item)) return false;
        _storeInfinity(scratch);
        // In assembly because the precompiles work in place.
        assembly ("memory-safe") {
            mcopy(add(scratch, 64), add(item, ITEM_A), 64)
            ok := and(eq(returndatasize(), 64), staticcall(ADD_GAS, 6, scratch, 128, scratch, 64))
            mcopy(add(scratch, 64), add(item, ITEM_C), 64)
            ok := and(ok, and(eq(returndatasize(), 64), staticcall(ADD_GAS, 6, scratch, 128, scratch, 64)))
            // The generator of G1 beside B, since an implementation might skip a pair with infinity.
            mstore(scratch, 1)
            mstore(add(scratch, 32), 2)
            mcopy(add(scratch, 64), add(item, ITEM_B), 128)
        }
        if (ok) (ok, ) = _pairing(scratch, 1);
    }

    /// @dev Hash of everything that the claims from `start` to before `end` consist of, and of where they are checked.
    function _seedOf(Batch memory batch, uint256 start, uint256 end) private view returns (bytes32 seed) {
        uint256 size = (end - start) * ITEM_SIZE;
        uint256 first = _itemAt(batch, start);
        bytes32 itemsHash;
        // Items are consecutive, and abi.encode would copy each word.
        assembly ("memory-safe") {
            itemsHash := keccak256(first, size)
        }
        return
            EfficientHashLib.hash(
                DOMAIN,
                bytes32(block.chainid),
                bytes32(uint256(uint160(address(this)))),
                bytes32(end - start),
                itemsHash
            );
    }

    function _weightOf(bytes32 seed, uint256 index) private pure returns (uint256) {
        return uint256(EfficientHashLib.hash(seed, bytes32(index))) >> 3;
    }

    function _forgetSums(Key[] memory keys) private pure {
        for (uint256 k; k < keys.length; ++k) keys[k].pair = 0;
    }

    function _startSums(Key memory key, uint256 pair) private pure {
        (key.weight, key.weighted0, key.weighted1, key.weighted2, key.pair) = (0, 0, 0, 0, pair);
        _storeInfinity(pair);
    }

    function _allPositions(uint256 count) private pure returns (uint256[] memory positions) {
        positions = new uint256[](count);
        for (uint256 i; i < count; ++i) positions[i] = i;
    }

    function _trueIndices(bool[] memory flags) private pure returns (uint256[] memory indices) {
        indices = new uint256[](flags.length);
        uint256 count;
        for (uint256 i; i < flags.length; ++i) {
            if (!flags[i]) continue;
            indices[count] = i;
            ++count;
        }
        // Shortens the list; its length was an upper bound.
        assembly ("memory-safe") {
            mstore(indices, count)
        }
    }

    function _alphaBetaOf(address pointer) private view returns (bytes32 hash) {
        // Hashed in free memory, without the allocation that Solidity would make.
        assembly ("memory-safe") {
            let p := mload(0x40)
            extcodecopy(pointer, p, ALPHA_AT, PAIR_SIZE)
            hash := keccak256(p, PAIR_SIZE)
        }
    }

    // Memory. Addresses are those of regions allocated in `create` and `_allocatePairs`.

    function _allocatePairs(Batch memory batch) private pure {
        batch.pairs = _allocate((batch.count + batch.keys.length + 2) * PAIR_SIZE + KEY_POINTS_SIZE);
    }

    /// @dev Memory that Solidity will not use; not cleared, since everything is written before it is read.
    function _allocate(uint256 size) private pure returns (uint256 at) {
        assembly ("memory-safe") {
            at := mload(0x40)
            mstore(0x40, add(at, size))
        }
    }

    /// @dev An empty list with room for keys, where Solidity would allocate a record for each in advance.
    function _asKeys(uint256[] memory room) private pure returns (Key[] memory keys) {
        assembly ("memory-safe") {
            keys := room
            mstore(keys, 0)
        }
    }

    function _itemAt(Batch memory batch, uint256 index) private pure returns (uint256) {
        // Within what `create` allocated, so neither wraps.
        unchecked {
            return batch.items + index * ITEM_SIZE;
        }
    }

    function _copy(uint256 to, uint256 from) private pure {
        assembly ("memory-safe") {
            mcopy(to, from, ITEM_SIZE)
        }
    }

    /// @dev Writes (0, 0), infinity, from where the sum of points starts.
    function _storeInfinity(uint256 at) private pure {
        assembly ("memory-safe") {
            mstore(at, 0)
            mstore(add(at, 32), 0)
        }
    }

    /// @dev Whether the precompile took the points, and whether the product of their pairings is 1.
    function _pairing(uint256 pairs, uint256 count) private view returns (bool answered, bool isOne) {
        uint256 price = PAIRING_GAS + count * PAIR_GAS;
        assembly ("memory-safe") {
            answered := and(eq(returndatasize(), 32), staticcall(price, 8, pairs, mul(count, PAIR_SIZE), 0, 32))
            isOne := and(answered, eq(mload(0), 1))
        }
    }
}
