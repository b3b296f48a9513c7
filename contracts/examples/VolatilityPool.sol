// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ReturnsWindow} from "./ReturnsWindow.sol";
import {VolatilityFee} from "./VolatilityFee.sol";

/// @title VolatilityPool
/// @notice A constant-product pool of one liquidity provider whose swap fee is its own market's in `VolatilityFee`.
/// @dev Both tokens must move exactly what they are asked to. Tokens sent here by plain transfers are nobody's.
contract VolatilityPool is ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    uint256 private constant MAX_PIPS = 1e6;
    uint256 private constant PRICE_SHIFT = 120;

    VolatilityFee public immutable FEES;
    ReturnsWindow public immutable WINDOW;
    /// @notice Owns the reserves.
    address public immutable OWNER;
    IERC20 public immutable BASE;
    IERC20 public immutable QUOTE;

    /// @notice Tokens that trades are made against.
    uint120 public baseReserve;
    uint120 public quoteReserve;

    event Swapped(address indexed trader, bool buysBase, uint256 amountIn, uint256 amountOut, uint256 feePips);
    event LiquidityChanged(uint120 baseReserve, uint120 quoteReserve);

    error AddressesInvalid(address base, address quote, address owner);
    error NotOwner(address caller, address owner);
    /// @notice Nothing comes out: the amount or a reserve is zero or too small.
    error ZeroOutput(uint256 amountIn);
    error OutputTooSmall(uint256 amountOut, uint256 minOut);
    error TransferNotExact(uint256 received, uint256 wanted);

    constructor(VolatilityFee fees, IERC20 base, IERC20 quote, address owner) {
        if (address(base) == address(0) || address(quote) == address(0) || base == quote || owner == address(0)) {
            revert AddressesInvalid(address(base), address(quote), owner);
        }
        (FEES, WINDOW, OWNER) = (fees, fees.WINDOW(), owner);
        (BASE, QUOTE) = (base, quote);
    }

    /// @notice Records the price that earlier transactions left, once a UTC day. Anyone may call; every change of the
    /// reserves does first, so nobody records a price in the transaction that makes it. Warning: whoever trades last on a day
    /// and first on the next one can: a pool that matters takes a mean over time.
    function observe() public {
        if (baseReserve == 0 || quoteReserve == 0) return;
        // Both reserves are from 1 to 2^120 − 1, so the price is from 1 to below 2^240.
        WINDOW.record((uint256(quoteReserve) << PRICE_SHIFT) / baseReserve);
    }

    /// @notice Sells exactly `amountIn` of one token for the other, at least `minOut` of it.
    /// @param buysBase Whether the caller gives quote and gets base, or the other way round.
    function swap(bool buysBase, uint256 amountIn, uint256 minOut) external nonReentrant returns (uint256 amountOut) {
        observe();
        uint256 feePips = FEES.feePipsOf(address(this));
        // Rounds towards the pool twice; the fee stays in the reserves.
        uint256 net = (amountIn * (MAX_PIPS - feePips)) / MAX_PIPS;
        (uint256 reserveIn, uint256 reserveOut) = buysBase ? (quoteReserve, baseReserve) : (baseReserve, quoteReserve);
        amountOut = reserveIn == 0 ? 0 : (net * reserveOut) / (reserveIn + net);
        if (amountOut == 0) revert ZeroOutput(amountIn);
        if (amountOut < minOut) revert OutputTooSmall(amountOut, minOut);

        (reserveIn, reserveOut) = (reserveIn + amountIn, reserveOut - amountOut);
        if (buysBase) _setReserves(reserveOut, reserveIn);
        else _setReserves(reserveIn, reserveOut);
        emit Swapped(msg.sender, buysBase, amountIn, amountOut, feePips);
        _take(buysBase ? QUOTE : BASE, amountIn);
        (buysBase ? BASE : QUOTE).safeTransfer(msg.sender, amountOut);
    }

    /// @notice Adds the owner's tokens to the reserves.
    function add(uint256 baseAmount, uint256 quoteAmount) external nonReentrant {
        _checkOwner();
        observe();
        _setReserves(baseReserve + baseAmount, quoteReserve + quoteAmount);
        emit LiquidityChanged(baseReserve, quoteReserve);
        _take(BASE, baseAmount);
        _take(QUOTE, quoteAmount);
    }

    /// @notice Pays tokens out of the reserves to `to`. The owner only.
    function remove(uint256 baseAmount, uint256 quoteAmount, address to) external nonReentrant {
        _checkOwner();
        observe();
        _setReserves(baseReserve - baseAmount, quoteReserve - quoteAmount);
        emit LiquidityChanged(baseReserve, quoteReserve);
        BASE.safeTransfer(to, baseAmount);
        QUOTE.safeTransfer(to, quoteAmount);
    }

    function _take(IERC20 token, uint256 amount) private {
        uint256 balance = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - balance;
        if (received != amount) revert TransferNotExact(received, amount);
    }

    function _setReserves(uint256 base, uint256 quote) private {
        (baseReserve, quoteReserve) = (base.toUint120(), quote.toUint120());
    }

    function _checkOwner() private view {
        if (msg.sender != OWNER) revert NotOwner(msg.sender, OWNER);
    }
}
