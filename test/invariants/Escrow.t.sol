// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {InferenceEscrow} from "../../contracts/InferenceEscrow.sol";
import {BlocklistToken} from "../../contracts/mocks/BlocklistToken.sol";
import {Job, JobState} from "../../contracts/types/Job.sol";
import {Market} from "./Market.sol";
import {VM} from "./Vm.sol";

/// @title What clients, providers, payees, thieves and time do to an escrow, with an account of its own
/// @dev Every call here must succeed: what is expected to be refused is caught and counted. In the file of its test,
/// since the runner fuzzes only contracts of the files that it was asked to run.
contract EscrowHandler {
    uint16 public constant TOLL_BPS = 99;
    uint256 public constant TOKENS = 2;
    uint256 public constant OWNERS = 6;
    uint256 private constant BASIS_POINTS = 10_000;
    uint256 private constant MAX_LIFE = 1 days;

    struct Account {
        Job job;
        JobState state;
        // What settlement and refund credited for this job, in base units.
        uint256 paidToProvider;
        uint256 fees;
        uint256 refunded;
        uint256 payments;
    }

    Market public immutable MARKET = new Market(TOLL_BPS);
    InferenceEscrow public immutable ESCROW;

    Account[] private _accounts;
    BlocklistToken[] private _tokens;
    uint256[] private _models;
    address[] private _owners;
    uint256 private _nonce;

    mapping(address owner => mapping(address token => uint256 amount)) public expectedCredit;
    mapping(address token => uint256 amount) public openDeposits;
    mapping(address token => uint256 amount) public expectedToll;
    /// @dev Calls that went through although they had to be refused, by the invariant that they break.
    mapping(uint256 invariantId => uint256 count) public violations;
    /// @dev Calls that were made, so that a run in which nothing happens does not pass for a success.
    mapping(string action => uint256 count) public calls;

    constructor() {
        ESCROW = MARKET.ESCROW();
        _owners = [address(0xA1), address(0xA2), address(0xB1), address(0xB2), address(0x7011), address(0x2047)];
        _models.push(MARKET.addModel(1, 0));
        _models.push(MARKET.addModel(2, 321));
        address collector = address(ESCROW.collectorOf(1));
        for (uint256 i; i < TOKENS; ++i) {
            BlocklistToken token = new BlocklistToken();
            _tokens.push(token);
            for (uint256 client; client < 2; ++client) {
                token.mint(_owners[client], type(uint128).max);
                VM.prank(_owners[client]);
                token.approve(collector, type(uint256).max);
            }
        }
    }

    // Actions

    function open(uint256 seed, uint96 amount) external {
        if (amount == 0) amount = 1;
        Job memory job = Job({
            client: _owners[seed % 2],
            provider: _owners[2 + ((seed >> 1) % 2)],
            token: address(_tokens[(seed >> 2) % TOKENS]),
            amount: amount,
            bond: 0,
            modelId: _models[(seed >> 3) % _models.length],
            inputCommitment: bytes32(1 + ((seed >> 4) % 1_000)),
            acceptBy: 0,
            deadline: uint64(block.timestamp + 1 + ((seed >> 16) % MAX_LIFE)),
            funding: 1,
            nonce: _nonce++
        });
        if (_isStopped(job)) return;
        VM.prank(job.client);
        ESCROW.open(job, "");
        _accounts.push(Account(job, JobState.Funded, 0, 0, 0, 0));
        openDeposits[job.token] += amount;
        calls["open"]++;
    }

    function openAgain(uint256 seed, uint96 amount) external {
        if (_accounts.length == 0) return;
        Job memory job = _account(seed).job;
        job.deadline = uint64(block.timestamp + MAX_LIFE);
        job.amount = amount == 0 ? 1 : amount;
        VM.prank(job.client);
        try ESCROW.open(job, "") {
            violations[21]++;
        } catch {
            calls["openAgain"]++;
        }
    }

    function settle(uint256 seed, uint256 word) external {
        if (_accounts.length == 0) return;
        Account storage account = _account(seed);
        Job memory job = account.job;
        word >>= 3;
        bool allowed = account.state == JobState.Funded && block.timestamp < job.deadline && !_isStopped(job);
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
        Job memory job = account.job;
        bool allowed = account.state == JobState.Funded && (block.timestamp >= job.deadline || _isStopped(job));
        if (!allowed) {
            try ESCROW.refund(job) {
                violations[8]++;
            } catch {
                calls["refundRefused"]++;
            }
            return;
        }
        ESCROW.refund(job);
        account.state = JobState.Refunded;
        account.refunded += job.amount;
        openDeposits[job.token] -= job.amount;
        expectedCredit[job.client][job.token] += job.amount;
        calls["refund"]++;
    }

    /// @dev Tries both ends of an open job in the same block and undoes them: exactly one must be possible.
    function probe(uint256 seed) external {
        if (_accounts.length == 0) return;
        Account storage account = _account(seed);
        if (account.state != JobState.Funded) return;
        Job memory job = account.job;
        bool expired = block.timestamp >= job.deadline;
        uint256[8] memory proof = MARKET.prove(job, 1, seed);
        uint256 snapshot = VM.snapshotState();
        bool settles = _succeeds(abi.encodeCall(ESCROW.settle, (job, MARKET.wordsOf(1), proof)));
        VM.revertToState(snapshot);
        snapshot = VM.snapshotState();
        bool refunds = _succeeds(abi.encodeCall(ESCROW.refund, (job)));
        VM.revertToState(snapshot);
        if (settles == refunds) violations[8]++;
        if (expired && !refunds) violations[9]++;
        calls["probe"]++;
    }

    function withdraw(uint256 seed) external {
        (address owner, BlocklistToken token) = (_owners[seed % OWNERS], _tokens[(seed >> 8) % TOKENS]);
        uint256 credit = expectedCredit[owner][address(token)];
        if (credit == 0 || token.isBlocked(owner)) return;
        uint256 balance = token.balanceOf(owner);
        if (seed % 2 == 0) VM.prank(owner);
        if (seed % 2 == 0) ESCROW.withdraw(address(token), owner);
        else ESCROW.withdrawFor(address(token), owner);
        if (token.balanceOf(owner) != balance + credit) violations[10]++;
        expectedCredit[owner][address(token)] = 0;
        calls["withdraw"]++;
    }

    /// @dev A stranger without credit asks for it, in its own name.
    function steal(uint256 seed) external {
        BlocklistToken token = _tokens[seed % TOKENS];
        address thief = address(uint160(0xBAD0000 + (seed % 16)));
        VM.prank(thief);
        try ESCROW.withdraw(address(token), thief) {
            violations[10]++;
        } catch {
            calls["steal"]++;
        }
    }

    /// @dev A blocked payee cannot be paid out; everything else must go on.
    function setBlocked(uint256 seed) external {
        (address owner, BlocklistToken token) = (_owners[2 + (seed % 4)], _tokens[(seed >> 8) % TOKENS]);
        bool blocked = !token.isBlocked(owner);
        token.setBlocked(owner, blocked);
        if (!blocked || expectedCredit[owner][address(token)] == 0) return;
        try ESCROW.withdrawFor(address(token), owner) {
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
        _tokens[seed % TOKENS].mint(address(ESCROW), amount >> 6);
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

    // The account

    function accountCount() external view returns (uint256) {
        return _accounts.length;
    }

    function accountAt(uint256 index) external view returns (Account memory) {
        return _accounts[index];
    }

    function tokenAt(uint256 index) external view returns (BlocklistToken) {
        return _tokens[index];
    }

    function ownerAt(uint256 index) external view returns (address) {
        return _owners[index];
    }

    /// @dev Takes the royalty from the registry and the toll from the constant; the provider's part was measured.
    function _accountForSettlement(Account storage account, uint256 paidToProvider) private {
        Job memory job = account.job;
        (, uint16 royaltyBps, address royaltyTo, ) = MARKET.REGISTRY().termsOf(job.modelId);
        uint256 toll = (job.amount * TOLL_BPS) / BASIS_POINTS;
        uint256 royalty = (job.amount * royaltyBps) / BASIS_POINTS;
        account.state = JobState.Settled;
        account.paidToProvider += paidToProvider;
        account.fees += toll + royalty;
        account.payments += 1;
        openDeposits[job.token] -= job.amount;
        expectedCredit[job.provider][job.token] += job.amount - toll - royalty;
        expectedCredit[MARKET.ESCROW().TOLL_COLLECTOR()][job.token] += toll;
        if (royaltyBps != 0) expectedCredit[royaltyTo][job.token] += royalty;
        expectedToll[job.token] += toll;
    }

    function _account(uint256 seed) private view returns (Account storage) {
        return _accounts[(seed >> 32) % _accounts.length];
    }

    function _otherJob(Job memory job) private pure returns (Job memory other) {
        other = abi.decode(abi.encode(job), (Job));
        other.provider = address(0xBAD);
    }

    function _isStopped(Job memory job) private view returns (bool) {
        return MARKET.REGISTRY().isStopped(MARKET.keyOf(job.modelId));
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
        _handler = new EscrowHandler();
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
            _handler.settle(seed, seed);
            _handler.settleForged(seed, seed);
            _handler.openAgain(seed, uint96(seed));
            _handler.probe(seed);
            _handler.passTime(seed);
            _handler.settle(seed >> 1, seed);
            _handler.refund(seed);
            _handler.refund(seed >> 1);
            _handler.force(seed, uint96(seed));
            _handler.setBlocked(seed);
            _handler.withdraw(seed);
            _handler.steal(seed);
            _handler.stopKey(seed);
        }
        string[13] memory actions = [
            "open",
            "openAgain",
            "settle",
            "settleRefused",
            "settleForged",
            "refund",
            "refundRefused",
            "probe",
            "withdraw",
            "steal",
            "blockedWithdrawal",
            "stopKey",
            "force"
        ];
        for (uint256 i; i < actions.length; ++i) require(_handler.calls(actions[i]) != 0, actions[i]);
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
