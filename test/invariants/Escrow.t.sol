// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {JobState} from "../../contracts/types/Job.sol";
import {EscrowHandler} from "./EscrowHandler.t.sol";

/// @title The escrow's invariants of docs/invariants.md, by number
/// forge-config: default.invariant.fail-on-revert = true
contract EscrowInvariantsTest {
    EscrowHandler private _handler;

    function setUp() public {
        _handler = new EscrowHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_01_BalanceCoversDeposits() public view {
        for (uint256 i; i < _handler.TOKENS(); ++i) {
            address token = address(_handler.tokenAt(i));
            uint256 owed = _handler.openDeposits(token) + _creditsIn(token);
            require(_handler.tokenAt(i).balanceOf(address(_handler.ESCROW())) >= owed, "balance below what is owed");
        }
    }

    function invariant_02_PartsMakeTheDeposit() public view {
        for (uint256 i; i < _handler.accountCount(); ++i) {
            EscrowHandler.Account memory account = _handler.accountAt(i);
            uint256 parts = account.paidToProvider + account.fees + account.refunded;
            require(parts == (account.state == JobState.Funded ? 0 : account.job.amount), "parts of a deposit");
        }
    }

    function invariant_03_TerminalStatesStay() public view {
        for (uint256 i; i < _handler.accountCount(); ++i) {
            EscrowHandler.Account memory account = _handler.accountAt(i);
            require(_handler.ESCROW().stateOf(account.job) == account.state, "state moved");
        }
    }

    function invariant_04_SettledAndRefundedExclude() public view {
        for (uint256 i; i < _handler.accountCount(); ++i) {
            EscrowHandler.Account memory account = _handler.accountAt(i);
            require(account.paidToProvider == 0 || account.refunded == 0, "paid and refunded");
        }
    }

    function invariant_05_PaidOnceWhateverTheProof() public view {
        require(_handler.violations(5) == 0, "paid again");
        for (uint256 i; i < _handler.accountCount(); ++i) {
            require(_handler.accountAt(i).payments <= 1, "paid twice");
        }
    }

    function invariant_06_NoPaymentWithoutVerification() public view {
        require(_handler.violations(6) == 0, "a forged proof was paid");
    }

    function invariant_08_SettleAndRefundWindowsExclude() public view {
        require(_handler.violations(8) == 0, "outside its window");
    }

    function invariant_09_RefundAfterExpiry() public view {
        require(_handler.violations(9) == 0, "no refund after the deadline");
    }

    function invariant_10_CreditsAreTheirOwners() public view {
        require(_handler.violations(10) == 0, "a withdrawal paid another");
        _requireCreditsAsExpected();
    }

    function invariant_12_PayeeFailureStaysLocal() public view {
        require(_handler.violations(12) == 0, "a blocked payee was paid");
        _requireCreditsAsExpected();
    }

    function invariant_13_TollIsTheCappedConstant() public view {
        require(_handler.ESCROW().TOLL_BPS() == _handler.TOLL_BPS(), "toll moved");
        require(_handler.TOLL_BPS() <= _handler.ESCROW().MAX_TOLL_BPS(), "toll above the cap");
        for (uint256 i; i < _handler.accountCount(); ++i) {
            EscrowHandler.Account memory account = _handler.accountAt(i);
            // One percent of toll and ten of royalty at most.
            require(account.fees <= (account.job.amount * 11) / 100, "fees above their caps");
        }
    }

    function invariant_19_PayeeIsTheProvider() public view {
        for (uint256 i; i < _handler.accountCount(); ++i) {
            EscrowHandler.Account memory account = _handler.accountAt(i);
            bool paid = account.state == JobState.Settled;
            require(account.paidToProvider == (paid ? account.job.amount - account.fees : 0), "provider's part");
        }
    }

    function invariant_20_ForcedFundsChangeNothing() public view {
        _requireCreditsAsExpected();
        invariant_03_TerminalStatesStay();
    }

    function invariant_21_NoncesAreUsedOnce() public view {
        require(_handler.violations(21) == 0, "a nonce opened twice");
    }

    function _requireCreditsAsExpected() private view {
        for (uint256 i; i < _handler.TOKENS(); ++i) {
            address token = address(_handler.tokenAt(i));
            for (uint256 j; j < _handler.OWNERS(); ++j) {
                address owner = _handler.ownerAt(j);
                uint256 credit = _handler.ESCROW().creditOf(owner, token);
                require(credit == _handler.expectedCredit(owner, token), "credit differs from the account");
            }
        }
    }

    function _creditsIn(address token) private view returns (uint256 sum) {
        for (uint256 i; i < _handler.OWNERS(); ++i) sum += _handler.ESCROW().creditOf(_handler.ownerAt(i), token);
    }
}
