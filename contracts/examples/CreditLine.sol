// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {ISettlementRegistry} from "../interfaces/ISettlementRegistry.sol";
import {AttestedLimit} from "./AttestedLimit.sol";

/// @title CreditLine
/// @notice Lends one lender's tokens within attested and proven limits, without interest.
/// @dev Tokens here are the lender's; borrowers have debts only. A debt outlives its line and counts against the next one.
contract CreditLine is AttestedLimit, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice What is lent. Limits and debts are in its base units.
    IERC20 public immutable TOKEN;
    /// @notice Owns every token here; funds the lines by plain transfers.
    address public immutable LENDER;

    /// @notice What a borrower owes.
    mapping(address borrower => uint256 debt) public debtOf;

    event Drawn(address indexed borrower, uint256 amount);
    event Repaid(address indexed borrower, address indexed payer, uint256 amount);

    error ZeroAddress();
    error ZeroAmount();
    error LimitExceeded(uint256 debt, uint256 limit);
    error NotLender(address caller, address lender);
    /// @notice The token charges for transfers, or moved more than it was asked to.
    error TransferNotExact(uint256 received, uint256 wanted);

    constructor(
        ISettlementRegistry settlements,
        Terms memory terms,
        IERC20 token,
        address lender
    ) EIP712("Tollgate CreditLine", "1") AttestedLimit(settlements, terms) {
        if (address(token) == address(0) || lender == address(0)) revert ZeroAddress();
        (TOKEN, LENDER) = (token, lender);
    }

    /// @notice Lends the caller `amount`. Nothing is lent any more once the model's key is stopped.
    function draw(uint256 amount) external nonReentrant {
        if (amount == 0) revert ZeroAmount();
        if (REGISTRY.isStopped(KEY_ID)) revert IModelRegistry.KeyIsStopped(KEY_ID);
        uint256 debt = debtOf[msg.sender] + amount;
        uint256 limit = limitOf(msg.sender);
        if (debt > limit) revert LimitExceeded(debt, limit);
        debtOf[msg.sender] = debt;
        emit Drawn(msg.sender, amount);
        TOKEN.safeTransfer(msg.sender, amount);
    }

    /// @notice Pays `amount` of a borrower's debt, the whole of it at most, with the caller's tokens. Anyone may, always.
    function repay(address borrower, uint256 amount) external nonReentrant {
        uint256 paid = FixedPointMathLib.min(amount, debtOf[borrower]);
        if (paid == 0) revert ZeroAmount();
        debtOf[borrower] -= paid;
        emit Repaid(borrower, msg.sender, paid);
        uint256 balance = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), paid);
        uint256 received = TOKEN.balanceOf(address(this)) - balance;
        if (received != paid) revert TransferNotExact(received, paid);
    }

    /// @notice Pays out tokens that are not lent. The lender only.
    function withdraw(address to, uint256 amount) external nonReentrant {
        if (msg.sender != LENDER) revert NotLender(msg.sender, LENDER);
        TOKEN.safeTransfer(to, amount);
    }
}
