// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IPaymentLedger} from "./interfaces/IPaymentLedger.sol";
import {RegistryLib} from "./libraries/RegistryLib.sol";
import {SplitLib} from "./libraries/SplitLib.sol";
import {TokenLib} from "./libraries/TokenLib.sol";

/// @title PaymentLedger
/// @notice What every contract that pays for inferences has: a registry, a toll, credits and their withdrawal.
abstract contract PaymentLedger is IPaymentLedger, ReentrancyGuardTransient {
    using RegistryLib for IModelRegistry;

    /// @notice A toll is at most one percent of the amount.
    uint16 public constant MAX_TOLL_BPS = SplitLib.MAX_TOLL_BPS;

    uint256 internal constant MAX_AMOUNT = SplitLib.MAX_AMOUNT;

    /// @inheritdoc IPaymentLedger
    IModelRegistry public immutable REGISTRY;
    /// @inheritdoc IPaymentLedger
    address public immutable TOLL_COLLECTOR;
    /// @inheritdoc IPaymentLedger
    uint16 public immutable TOLL_BPS;

    mapping(address owner => mapping(address token => uint256 amount)) private _credits;

    /// @param registry Must answer as a model registry by ERC-165.
    /// @param tollCollector Credited with tolls; neither zero nor the contract itself.
    /// @param tollBps Hundredths of a percent, 0 to 100.
    constructor(IModelRegistry registry, address tollCollector, uint16 tollBps) {
        registry.requireModelRegistry();
        if (tollCollector == address(0)) revert ZeroAddress();
        if (tollCollector == address(this)) revert InvalidReceiver(tollCollector);
        if (tollBps > MAX_TOLL_BPS) revert TollTooHigh(tollBps, MAX_TOLL_BPS);
        REGISTRY = registry;
        TOLL_COLLECTOR = tollCollector;
        TOLL_BPS = tollBps;
    }

    /// @inheritdoc IPaymentLedger
    function withdraw(address token, address to) external nonReentrant {
        if (to == address(0)) revert ZeroAddress();
        if (to == address(this)) revert InvalidReceiver(to);
        _withdraw(msg.sender, token, to);
    }

    /// @inheritdoc IPaymentLedger
    function withdrawFor(address token, address owner) external nonReentrant {
        if (owner == address(this)) revert InvalidReceiver(owner);
        _withdraw(owner, token, owner);
    }

    /// @inheritdoc IPaymentLedger
    function creditOf(address owner, address token) external view returns (uint256) {
        return _credits[owner][token];
    }

    /// @dev Credits the parts of a settled amount below 2^128; `extra` goes to the provider on top.
    function _creditSettlement(
        address provider,
        address token,
        uint256 amount,
        uint256 extra,
        uint256 royaltyBps,
        address royaltyTo
    ) internal returns (uint256 payout, uint256 royalty) {
        uint256 toll;
        (payout, toll, royalty) = SplitLib.split(amount, TOLL_BPS, royaltyBps);
        // Both numbers are below 2^128.
        unchecked {
            _credit(provider, token, payout + extra);
        }
        _credit(TOLL_COLLECTOR, token, toll);
        _credit(royaltyTo, token, royalty);
    }

    function _credit(address owner, address token, uint256 amount) internal {
        if (amount == 0) return;
        // Each amount is below 2^136, a whole batch to one owner: more settlements than there will ever be could not fill the slot.
        unchecked {
            _credits[owner][token] += amount;
        }
    }

    /// @dev Reverts unless the contract holds `due` more than `balance`, what it held before a deposit.
    function _requireReceived(address token, uint256 balance, uint256 due) internal view {
        uint256 held = TokenLib.ownBalance(token);
        uint256 received = held > balance ? held - balance : 0;
        if (received != due) revert DepositMismatch(received, due);
    }

    /// @dev Sends and checks by the balance that exactly the amount left: no more, which would be others' money, and no
    /// less, or anyone could burn what is owed while the token only pretends.
    function _send(address token, address to, uint256 amount) private {
        uint256 balance = TokenLib.ownBalance(token);
        TokenLib.send(token, to, amount);
        uint256 left = TokenLib.ownBalance(token);
        uint256 taken = left < balance ? balance - left : 0;
        if (taken != amount) revert WithdrawalMismatch(taken, amount);
    }

    /// @dev Empties the credit before the token's or the receiver's code runs.
    function _withdraw(address owner, address token, address to) private {
        uint256 amount = _credits[owner][token];
        if (amount == 0) revert NothingToWithdraw(owner, token);
        _credits[owner][token] = 0;
        emit Withdrawn(owner, token, to, amount);
        _send(token, to, amount);
    }
}
