// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TokenLib} from "../../contracts/libraries/TokenLib.sol";
import {BlocklistToken} from "../../contracts/mocks/BlocklistToken.sol";
import {Delivery} from "../../contracts/types/Delivery.sol";
import {Job, JobState} from "../../contracts/types/Job.sol";
import {deploy} from "./Deploy.sol";
import {EscrowBook} from "./EscrowBook.sol";
import {VM} from "./Vm.sol";

/// @title What clients, providers, payees, thieves and time do to an escrow
/// @dev Every call here must succeed: what is expected to be refused is caught and counted. In the file of its test,
/// since the runner fuzzes only contracts of the files that it was asked to run.
contract EscrowHandler is EscrowBook {
    uint256 private _nonce;

    /// @dev Calls that went through although they had to be refused, by the invariant that they break.
    mapping(uint256 invariantId => uint256 count) public violations;
    /// @dev Calls that were made, so that a run in which nothing happens does not pass for a success.
    mapping(string action => uint256 count) public calls;

    // Actions

    function open(uint256 seed, uint96 amount) external {
        Job memory job = _newJob(seed, amount);
        if (_isStopped(job)) return;
        VM.prank(job.client);
        ESCROW.open{value: _valueOf(job.token, job.amount)}(job, "");
        _accountForOpening(job);
        calls["open"]++;
    }

    /// @dev By anybody, with the signature of the client; without it not at all.
    function openWithSignature(uint256 seed, uint96 amount) external {
        Job memory job = _newJob(seed, amount);
        if (_isStopped(job) || job.token == TokenLib.NATIVE) return;
        bytes32 jobId = ESCROW.hashJob(job);
        address other = job.client == _owners[0] ? _owners[1] : _owners[0];
        try ESCROW.openWithSignature(job, _sign(other, jobId), "") {
            violations[21]++;
        } catch {
            calls["openForged"]++;
        }
        ESCROW.openWithSignature(job, _sign(job.client, jobId), "");
        _accountForOpening(job);
        calls["openWithSignature"]++;
    }

    /// @dev A nonce again: with other terms by the client, with the same terms and signature by anybody.
    function openAgain(uint256 seed, uint96 amount) external {
        if (_accounts.length == 0) return;
        Job memory job = _account(seed).job;
        if (seed % 2 == 0) {
            job.deadline = uint64(block.timestamp + MAX_LIFE);
            job.amount = amount == 0 ? 1 : amount;
        }
        bytes memory signature = _sign(job.client, ESCROW.hashJob(job));
        uint256 value = _valueOf(job.token, job.amount);
        VM.prank(job.client);
        try ESCROW.open{value: value}(job, "") {
            violations[21]++;
        } catch {
            calls["openAgain"]++;
        }
        try ESCROW.openWithSignature(job, signature, "") {
            violations[21]++;
        } catch {
            calls["openAgain"]++;
        }
    }

    /// @dev A nonce that was never used is useless from then on; one that was used stays what it is.
    function revoke(uint256 seed, uint96 amount) external {
        Job memory job = _newJob(seed, amount);
        VM.prank(job.client);
        ESCROW.revoke(job.provider, job.nonce);
        uint256 value = _valueOf(job.token, job.amount);
        VM.prank(job.client);
        try ESCROW.open{value: value}(job, "") {
            violations[21]++;
        } catch {
            calls["revoke"]++;
        }
        if (_accounts.length == 0) return;
        job = _account(seed).job;
        VM.prank(job.client);
        try ESCROW.revoke(job.provider, job.nonce) {
            violations[3]++;
        } catch {
            calls["revokeRefused"]++;
        }
    }

    function accept(uint256 seed) external {
        if (_accounts.length == 0) return;
        Account storage account = _account(seed);
        Job memory job = account.job;
        // A blocked provider cannot pay its bond, though it could take ether where it refuses some.
        bool allowed = _canAccept(account) && (job.token == TokenLib.NATIVE || !_isBlocked(job.provider, job.token));
        uint256 value = _valueOf(job.token, job.bond);
        if (allowed) {
            VM.prank(job.provider);
            ESCROW.accept{value: value}(job, "");
            _accountForAcceptance(account);
            calls["accept"]++;
            return;
        }
        VM.prank(job.provider);
        try ESCROW.accept{value: value}(job, "") {
            violations[3]++;
        } catch {
            calls["acceptRefused"]++;
        }
    }

    /// @dev The provider may always, nobody else ever.
    function cancel(uint256 seed) external {
        if (_accounts.length == 0 || seed % 4 != 0) return;
        Account storage account = _account(seed);
        Job memory job = account.job;
        bool allowed = _isOpen(account);
        VM.prank(job.client);
        try ESCROW.cancel(job) {
            violations[3]++;
        } catch {
            calls["cancelRefused"]++;
        }
        VM.prank(job.provider);
        if (allowed) {
            ESCROW.cancel(job);
            _accountForRefund(account);
            calls["cancel"]++;
            return;
        }
        try ESCROW.cancel(job) {
            violations[3]++;
        } catch {
            calls["cancelRefused"]++;
        }
    }

    function settle(uint256 seed, uint256 word) external {
        if (_accounts.length == 0) return;
        Account storage account = _account(seed);
        Job memory job = account.job;
        word >>= 3;
        bool allowed = _canSettle(account);
        uint256[8] memory proof = MARKET.prove(job, word, seed);
        if (seed % 2 == 0) proof = MARKET.malleate(proof);
        uint256 providerBefore = ESCROW.creditOf(job.provider, job.token);
        if (!allowed) {
            try ESCROW.settle(job, MARKET.wordsOf(word), proof) {
                violations[account.payments == 0 ? 8 : 5]++;
            } catch {
                calls["settleRefused"]++;
            }
            return;
        }
        ESCROW.settle(job, MARKET.wordsOf(word), proof);
        _accountForSettlement(account, ESCROW.creditOf(job.provider, job.token) - providerBefore);
        calls["settle"]++;
    }

    /// @dev Up to six proven jobs in whatever state, some of them twice, some never opened. Must succeed, and do what the
    /// single calls do, which are made before and undone.
    function settleBatch(uint256 seed, uint256 word) external {
        if (_accounts.length == 0) return;
        Delivery[] memory deliveries = new Delivery[](1 + (seed % 6));
        for (uint256 i; i < deliveries.length; ++i) deliveries[i] = _deliver(_seedAt(seed, i), word >> 3);
        uint256 snapshot = VM.snapshotState();
        for (uint256 i; i < deliveries.length; ++i) {
            Delivery memory delivery = deliveries[i];
            _succeeds(abi.encodeCall(ESCROW.settle, (delivery.job, delivery.words, delivery.proof)));
        }
        bytes32 oneByOne = _digestOf(deliveries);
        VM.revertToState(snapshot);
        ESCROW.settleBatch(deliveries);
        if (_digestOf(deliveries) != oneByOne) violations[22]++;
        for (uint256 i; i < deliveries.length; ++i) _accountForItem(deliveries[i].job, _account(_seedAt(seed, i)));
    }

    function settleForged(uint256 seed, uint256 word) external {
        if (_accounts.length == 0) return;
        Job memory job = _account(seed).job;
        word >>= 3;
        uint256[8] memory proof = MARKET.prove(job, word, seed);
        uint256[] memory words = MARKET.wordsOf(word);
        if (seed % 3 == 0) words[0] ^= 1;
        else if (seed % 3 == 1) (proof[6], proof[7]) = (uint256(1), uint256(2));
        else proof = MARKET.prove(_otherJob(job), word, seed);
        try ESCROW.settle(job, words, proof) {
            violations[6]++;
        } catch {
            calls["settleForged"]++;
        }
    }

    function refund(uint256 seed) external {
        if (_accounts.length == 0) return;
        Account storage account = _account(seed);
        if (!_canRefund(account)) {
            try ESCROW.refund(account.job) {
                violations[8]++;
            } catch {
                calls["refundRefused"]++;
            }
            return;
        }
        ESCROW.refund(account.job);
        _accountForRefund(account);
        calls["refund"]++;
    }

    /// @dev Tries both ends of an open job in the same block and undoes them: what the rules say must be possible, and
    /// never both.
    function probe(uint256 seed) external {
        if (_accounts.length == 0) return;
        Account storage account = _account(seed);
        if (!_isOpen(account)) return;
        Job memory job = account.job;
        (bool maySettle, bool mayRefund) = (_canSettle(account), _canRefund(account));
        uint256[8] memory proof = MARKET.prove(job, 1, seed);
        uint256 snapshot = VM.snapshotState();
        bool settles = _succeeds(abi.encodeCall(ESCROW.settle, (job, MARKET.wordsOf(1), proof)));
        VM.revertToState(snapshot);
        snapshot = VM.snapshotState();
        bool refunds = _succeeds(abi.encodeCall(ESCROW.refund, (job)));
        VM.revertToState(snapshot);
        if ((settles && refunds) || settles != maySettle || refunds != mayRefund) violations[8]++;
        if (block.timestamp >= job.deadline && !refunds) violations[9]++;
        calls["probe"]++;
    }

    function withdraw(uint256 seed) external {
        (address owner, address token) = (_owners[seed % OWNERS], _tokens[(seed >> 8) % TOKENS]);
        uint256 credit = expectedCredit[owner][token];
        if (credit == 0 || _isBlocked(owner, token)) return;
        uint256 balance = balanceOf(token, owner);
        if (seed % 2 == 0) VM.prank(owner);
        if (seed % 2 == 0) ESCROW.withdraw(token, owner);
        else ESCROW.withdrawFor(token, owner);
        if (balanceOf(token, owner) != balance + credit) violations[10]++;
        expectedCredit[owner][token] = 0;
        calls[token == TokenLib.NATIVE ? "withdrawEther" : "withdraw"]++;
    }

    /// @dev A stranger without credit asks for it, in its own name.
    function steal(uint256 seed) external {
        address token = _tokens[seed % TOKENS];
        address thief = address(uint160(0xBAD0000 + (seed % 16)));
        VM.prank(thief);
        try ESCROW.withdraw(token, thief) {
            violations[10]++;
        } catch {
            calls["steal"]++;
        }
    }

    /// @dev A payee that the token blocks, or whose code refuses ether, cannot be paid out; everything else must go on.
    function setBlocked(uint256 seed) external {
        (address owner, address token) = (_owners[2 + (seed % 4)], _tokens[(seed >> 8) % TOKENS]);
        bool blocked = !_isBlocked(owner, token);
        if (token == TokenLib.NATIVE) VM.etch(owner, blocked ? bytes(hex"5f5ffd") : bytes(""));
        else BlocklistToken(token).setBlocked(owner, blocked);
        if (!blocked || expectedCredit[owner][token] == 0) return;
        try ESCROW.withdrawFor(token, owner) {
            violations[12]++;
        } catch {
            calls["blockedWithdrawal"]++;
        }
    }

    function passTime(uint256 seconds_) external {
        VM.warp(block.timestamp + (seconds_ % (MAX_LIFE / 2)));
    }

    /// @dev Ether and tokens that nobody owes.
    function force(uint256 seed, uint96 amount) external {
        VM.deal(address(ESCROW), address(ESCROW).balance + amount);
        // Below 2^90, so that no run can reach the token's total supply.
        BlocklistToken(_tokens[seed % (TOKENS - 1)]).mint(address(ESCROW), amount >> 6);
        calls["force"]++;
    }

    /// @dev Now and then a key turns out unsound; a new model takes its place.
    function stopKey(uint256 seed) external {
        if (seed % 8 != 0) return;
        uint256 index = (seed >> 3) % _models.length;
        MARKET.stopKey(_models[index]);
        _models[index] = MARKET.addModel(10 + _nonce++, uint16(seed % 1_001));
        calls["stopKey"]++;
    }

    /// @dev The job of an account with its proof, or now and then one that was never opened.
    function _deliver(uint256 seed, uint256 word) private view returns (Delivery memory delivery) {
        delivery.job = _account(seed).job;
        if (seed % 8 == 0) delivery.job = _otherJob(delivery.job);
        delivery.words = MARKET.wordsOf(word);
        delivery.proof = MARKET.prove(delivery.job, word, seed);
        if (seed % 2 == 0) delivery.proof = MARKET.malleate(delivery.proof);
    }

    /// @dev What a batch did for one of its items. The provider's part is not measured, as items share providers: that
    /// it arrived shows in their credits.
    function _accountForItem(Job memory job, Account storage account) private {
        bool known = job.provider == account.job.provider;
        if (!known || !_canSettle(account)) {
            calls[account.payments != 0 && known ? "batchSkippedPaid" : "batchSkipped"]++;
            return;
        }
        (uint256 toll, uint256 royalty, ) = _feesOf(job);
        _accountForSettlement(account, job.amount + job.bond - toll - royalty);
        calls["settleBatch"]++;
    }

    /// @dev Hash of all that settlements of these jobs can change.
    function _digestOf(Delivery[] memory deliveries) private view returns (bytes32 digest) {
        for (uint256 i; i < deliveries.length; ++i) {
            digest = keccak256(abi.encode(digest, ESCROW.stateOf(deliveries[i].job)));
        }
        for (uint256 i; i < TOKENS * OWNERS; ++i) {
            digest = keccak256(abi.encode(digest, ESCROW.creditOf(_owners[i % OWNERS], _tokens[i / OWNERS])));
        }
    }

    function _seedAt(uint256 seed, uint256 index) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, index)));
    }

    /// @dev Terms that can be opened now, of which every second asks for a bond.
    function _newJob(uint256 seed, uint96 amount) private returns (Job memory job) {
        address token = _tokens[(seed >> 2) % TOKENS];
        uint64 acceptBy = uint64(block.timestamp + 1 + ((seed >> 16) % MAX_LIFE));
        bool bonded = (seed >> 5) % 2 == 0;
        job = Job({
            client: _owners[seed % CLIENTS],
            provider: _owners[2 + ((seed >> 1) % 2)],
            token: token,
            amount: amount == 0 ? 1 : amount,
            bond: bonded ? 1 + ((seed >> 64) % (1 << 90)) : 0,
            modelId: _models[(seed >> 3) % _models.length],
            inputCommitment: bytes32(1 + ((seed >> 6) % 1_000)),
            acceptBy: bonded ? acceptBy : 0,
            deadline: acceptBy + uint64(bonded ? (seed >> 40) % MAX_LIFE : 0),
            funding: token == TokenLib.NATIVE ? 3 : 1,
            nonce: _nonce++
        });
    }

    /// @dev Any of them, and every second time one of the last few, which are likely to be open.
    function _account(uint256 seed) private view returns (Account storage) {
        uint256 among = _accounts.length;
        if (among > 4 && (seed >> 31) % 2 == 0) among = 4;
        return _accounts[_accounts.length - 1 - ((seed >> 32) % among)];
    }

    function _otherJob(Job memory job) private pure returns (Job memory other) {
        other = abi.decode(abi.encode(job), (Job));
        other.provider = address(0xBAD);
    }

    function _isBlocked(address owner, address token) private view returns (bool) {
        return token == TokenLib.NATIVE ? owner.code.length != 0 : BlocklistToken(token).isBlocked(owner);
    }

    function _succeeds(bytes memory call) private returns (bool success) {
        (success, ) = address(ESCROW).call(call);
    }
}

/// @title The escrow's invariants of docs/invariants.md, by number
/// forge-config: default.invariant.fail-on-revert = true
contract EscrowInvariantsTest {
    EscrowHandler private _handler;

    function setUp() public {
        _handler = EscrowHandler(deploy("Escrow.t.sol:EscrowHandler", ""));
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @dev The handler's actions reach every outcome that it counts, so an invariant cannot hold for want of events.
    function test_EveryActionHappens() public {
        uint256 seed;
        for (uint256 round; round < 120; ++round) {
            seed = uint256(keccak256(abi.encode(seed)));
            _handler.open(seed, uint96(seed >> 100));
            _handler.openWithSignature(seed >> 7, uint96(seed >> 101));
            _handler.revoke(seed, uint96(seed));
            _handler.accept(seed);
            _handler.accept(seed >> 2);
            _handler.settle(seed, seed);
            _handler.settleForged(seed, seed);
            _handler.openAgain(seed, uint96(seed));
            _handler.probe(seed);
            _handler.passTime(seed);
            _handler.settle(seed >> 1, seed);
            _handler.settleBatch(seed, seed);
            _handler.cancel(seed);
            _handler.refund(seed);
            _handler.refund(seed >> 1);
            _handler.force(seed, uint96(seed));
            _handler.setBlocked(seed);
            _handler.withdraw(seed);
            _handler.withdraw(seed >> 3);
            _handler.steal(seed);
            _handler.stopKey(seed);
            _handler.refund(seed >> 5);
            _handler.cancel(seed >> 6);
        }
        string[24] memory actions = [
            "open",
            "openWithSignature",
            "openForged",
            "openAgain",
            "revoke",
            "revokeRefused",
            "accept",
            "acceptRefused",
            "cancel",
            "cancelRefused",
            "settle",
            "settleRefused",
            "settleForged",
            "settleBatch",
            "batchSkipped",
            "batchSkippedPaid",
            "refund",
            "refundRefused",
            "probe",
            "withdraw",
            "steal",
            "blockedWithdrawal",
            "stopKey",
            "force"
        ];
        require(_handler.calls("withdrawEther") != 0, "withdrawEther");
        _requireEveryEnd();
        for (uint256 i; i < actions.length; ++i) require(_handler.calls(actions[i]) != 0, actions[i]);
    }

    function invariant_01_BalanceCoversDeposits() public view {
        for (uint256 i; i < _handler.TOKENS(); ++i) {
            address token = _handler.tokenAt(i);
            uint256 owed = _handler.openDeposits(token) + _creditsIn(token);
            require(_handler.balanceOf(token, address(_handler.ESCROW())) >= owed, "balance below what is owed");
        }
    }

    function invariant_02_PartsMakeTheDeposit() public view {
        for (uint256 i; i < _handler.accountCount(); ++i) {
            EscrowBook.Account memory account = _handler.accountAt(i);
            uint256 parts = account.paidToProvider + account.fees + account.refunded;
            bool open = account.state == JobState.Funded || account.state == JobState.Accepted;
            require(parts == (open ? 0 : account.job.amount), "parts of a deposit");
            require(account.bondToProvider + account.bondToClient == (open ? 0 : account.bondIn), "parts of a bond");
        }
    }

    function invariant_03_TerminalStatesStay() public view {
        require(_handler.violations(3) == 0, "a call moved a job out of its turn");
        for (uint256 i; i < _handler.accountCount(); ++i) {
            EscrowBook.Account memory account = _handler.accountAt(i);
            require(_handler.ESCROW().stateOf(account.job) == account.state, "state moved");
        }
    }

    function invariant_04_SettledAndRefundedExclude() public view {
        for (uint256 i; i < _handler.accountCount(); ++i) {
            EscrowBook.Account memory account = _handler.accountAt(i);
            require(account.paidToProvider == 0 || account.refunded == 0, "paid and refunded");
            require(account.bondToProvider == 0 || account.bondToClient == 0, "a bond in two parts");
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
            EscrowBook.Account memory account = _handler.accountAt(i);
            // One percent of toll and ten of royalty at most.
            require(account.fees <= (account.job.amount * 11) / 100, "fees above their caps");
        }
    }

    function invariant_19_PayeeIsTheProvider() public view {
        for (uint256 i; i < _handler.accountCount(); ++i) {
            EscrowBook.Account memory account = _handler.accountAt(i);
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

    function invariant_22_BatchesDoWhatSingleCallsDo() public view {
        require(_handler.violations(22) == 0, "a batch differs from its items");
    }

    /// @dev Bonds went both ways, and unaccepted and unbonded jobs were refunded too.
    function _requireEveryEnd() private view {
        bool[4] memory seen;
        for (uint256 i; i < _handler.accountCount(); ++i) {
            EscrowBook.Account memory account = _handler.accountAt(i);
            if (account.state == JobState.Settled && account.bondToProvider != 0) seen[0] = true;
            if (account.state == JobState.Refunded && account.bondToProvider != 0) seen[1] = true;
            if (account.state == JobState.Refunded && account.bondToClient != 0) seen[2] = true;
            if (account.state == JobState.Refunded && account.job.bond != 0 && account.bondIn == 0) seen[3] = true;
        }
        require(seen[0], "a bond freed by a settlement");
        require(seen[1], "a bond freed by a stopped key");
        require(seen[2], "a bond that the client won");
        require(seen[3], "a job that was never accepted");
    }

    function _requireCreditsAsExpected() private view {
        for (uint256 i; i < _handler.TOKENS(); ++i) {
            address token = _handler.tokenAt(i);
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
