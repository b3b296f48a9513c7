// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {PrepaidOrders} from "../../contracts/PrepaidOrders.sol";
import {IPrepaidOrders} from "../../contracts/interfaces/IPrepaidOrders.sol";
import {BlocklistToken} from "../../contracts/mocks/BlocklistToken.sol";
import {ItemRefused} from "../../contracts/types/BatchError.sol";
import {Job} from "../../contracts/types/Job.sol";
import {SignedOrder} from "../../contracts/types/SignedOrder.sol";
import {deploy} from "./Deploy.sol";
import {Market, newMarket} from "./Market.sol";
import {VM} from "./Vm.sol";

/// @title What clients, providers, payers, thieves and time do to prepaid orders, with an account of its own
/// @dev Every call here must succeed: what is expected to be refused is caught and counted. The provider keeps to the
/// rules of IPrepaidOrders: it serves an order only where `securedUntil` the latest deadline covers it and all that it
/// served before.
contract PrepaidHandler {
    uint16 public constant TOLL_BPS = 99;
    uint256 public constant LIFE = 1 hours;
    uint256 public constant TOKENS = 2;
    uint256 public constant OWNERS = 6;
    uint256 private constant BASIS_POINTS = 10_000;

    /// @dev A deposit as it should be.
    struct Held {
        uint256 balance;
        uint256 announced;
        uint256 announcedAt;
        // Amounts of the orders that wait for their settlement.
        uint256 served;
    }

    Market public immutable MARKET = newMarket(TOLL_BPS);
    PrepaidOrders public immutable PREPAID;

    BlocklistToken[] private _tokens;
    uint256[] private _models;
    address[] private _owners;
    /// @dev Orders that were paid, and those that were served and not yet.
    Job[] private _paid;
    Job[] private _served;
    uint256 private _nonce;

    mapping(bytes32 depositKey => Held held) private _held;
    mapping(bytes32 orderId => uint256 count) private _payments;
    mapping(address owner => mapping(address token => uint256 amount)) public expectedCredit;
    mapping(address token => uint256 amount) public deposited;
    mapping(address token => uint256 amount) public withdrawn;
    /// @dev Calls that went through although they had to be refused, by the invariant that they break.
    mapping(uint256 invariantId => uint256 count) public violations;
    /// @dev Calls that were made, so that a run in which nothing happens does not pass for a success.
    mapping(string action => uint256 count) public calls;

    constructor() {
        bytes memory arguments = abi.encode(MARKET.REGISTRY(), MARKET.ESCROW().TOLL_COLLECTOR(), TOLL_BPS, LIFE);
        PREPAID = PrepaidOrders(deploy("PrepaidOrders.sol:PrepaidOrders", arguments));
        _owners = [VM.addr(1), VM.addr(2), address(0xB1), address(0xB2), address(0x7011), address(0x2047)];
        _models.push(MARKET.addModel(1, 0));
        _models.push(MARKET.addModel(2, 321));
        for (uint256 i; i < TOKENS; ++i) {
            BlocklistToken token = new BlocklistToken();
            _tokens.push(token);
            token.mint(address(this), type(uint128).max);
            token.approve(address(PREPAID), type(uint256).max);
        }
    }

    // Deposits

    function deposit(uint256 seed, uint80 amount) external {
        if (amount == 0) amount = 1;
        (address client, address provider, address token) = _pair(seed);
        PREPAID.deposit(client, provider, token, amount, "");
        _heldOf(client, provider, token).balance += amount;
        deposited[token] += amount;
        calls["deposit"]++;
    }

    function announce(uint256 seed, uint256 amount) external {
        (address client, address provider, address token) = _pair(seed);
        Held storage held = _heldOf(client, provider, token);
        VM.prank(client);
        if (seed % 4 == 0 || held.balance == 0) {
            try PREPAID.announceWithdrawal(provider, token, held.balance + 1) {
                violations[8]++;
            } catch {
                calls["announceRefused"]++;
            }
            return;
        }
        amount = 1 + (amount % held.balance);
        PREPAID.announceWithdrawal(provider, token, amount);
        (held.announced, held.announcedAt) = (amount, block.timestamp);
        calls["announce"]++;
    }

    function cancel(uint256 seed) external {
        (address client, address provider, address token) = _pair(seed);
        Held storage held = _heldOf(client, provider, token);
        if (held.announced == 0 || seed % 8 != 0) return;
        VM.prank(client);
        PREPAID.cancelWithdrawal(provider, token);
        held.announced = 0;
        calls["cancel"]++;
    }

    function execute(uint256 seed) external {
        (address client, address provider, address token) = _pair(seed);
        Held storage held = _heldOf(client, provider, token);
        uint256 maturesAt = held.announcedAt + LIFE;
        bool due = block.timestamp >= maturesAt && block.timestamp < maturesAt + LIFE;
        VM.prank(client);
        if (held.announced == 0 || !due || held.balance == 0) {
            try PREPAID.executeWithdrawal(provider, token) {
                violations[8]++;
            } catch {
                calls["executeRefused"]++;
            }
            return;
        }
        PREPAID.executeWithdrawal(provider, token);
        uint256 amount = held.announced < held.balance ? held.announced : held.balance;
        held.balance -= amount;
        held.announced = 0;
        expectedCredit[client][token] += amount;
        calls["execute"]++;
    }

    // Orders

    /// @dev A provider takes an order whose words it shows later, if its rules allow.
    function serve(uint256 seed, uint256 amount) external {
        (address client, address provider, address token) = _pair(seed);
        Held storage held = _heldOf(client, provider, token);
        uint256 deadline = block.timestamp + 1 + ((seed >> 16) % LIFE);
        uint256 latest = _latestDeadline(client, provider, token, deadline);
        uint256 secured = PREPAID.securedUntil(client, provider, token, latest);
        if (secured <= held.served) return;
        amount = 1 + (amount % (secured - held.served));
        _served.push(_order(seed, client, provider, token, amount, deadline));
        held.served += amount;
        calls["serve"]++;
    }

    /// @dev A provider settles up to four orders at once: new ones, some that it served, some that must be left out.
    function settle(uint256 seed, uint256 word) external {
        uint256 count = 1 + (seed % 4);
        address provider = _owners[2 + ((seed >> 8) % 2)];
        SignedOrder[] memory orders = new SignedOrder[](count);
        bool[] memory due = new bool[](count);
        for (uint256 i; i < count; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            Job memory job;
            (job, due[i]) = _pick(seed, provider);
            orders[i] = _signed(job, word >> 3, seed);
            // Accounted at once, since the next pick of this batch must know of it.
            if (due[i]) _accountFor(job);
        }
        VM.prank(provider);
        PREPAID.settleOrders(orders);
        calls["settle"]++;
    }

    function settleForged(uint256 seed, uint256 word) external {
        (address client, address provider, address token) = _pair(seed);
        if (_heldOf(client, provider, token).balance == 0) return;
        Job memory job = _order(seed, client, provider, token, 1, block.timestamp + 1);
        SignedOrder[] memory orders = new SignedOrder[](1);
        orders[0] = _signed(job, word >> 3, seed);
        if (seed % 4 == 0) orders[0].words[0] ^= 1;
        else if (seed % 4 == 1) (orders[0].proof[6], orders[0].proof[7]) = (uint256(1), uint256(2));
        else if (seed % 4 == 2) orders[0].job.provider = address(0xBAD);
        else orders[0].r = keccak256(abi.encode(seed));
        VM.prank(orders[0].job.provider);
        try PREPAID.settleOrders(orders) {
            violations[6]++;
        } catch {
            calls["settleForged"]++;
        }
    }

    /// @dev An order that its client signed so that one which was served goes unpaid: with its nonce, or over the whole deposit.
    /// The client, the other provider and a stranger try to settle it.
    function settleSham(uint256 seed, uint256 word) external {
        if (_served.length == 0) return;
        Job memory job = _served[(seed >> 32) % _served.length];
        if (seed & 2 == 0) job.amount = 1;
        else (job.amount, job.nonce) = (_heldOf(job.client, job.provider, job.token).balance, _nonce++);
        job.deadline = uint64(block.timestamp + 1);
        SignedOrder[] memory orders = new SignedOrder[](1);
        orders[0] = _signed(job, word >> 3, seed);
        address other = job.provider == _owners[2] ? _owners[3] : _owners[2];
        address thief = [job.client, other, address(0xBAD)][(seed >> 2) % 3];
        bytes memory reason = abi.encodeWithSelector(IPrepaidOrders.NotProvider.selector, thief, job.provider);
        VM.prank(thief);
        try PREPAID.settleOrders(orders) {
            violations[21]++;
        } catch (bytes memory refusal) {
            bytes memory expected = abi.encodeWithSelector(ItemRefused.selector, 0, reason);
            if (keccak256(refusal) != keccak256(expected)) violations[21]++;
            calls["settleSham"]++;
        }
    }

    /// @dev Whatever happened since it was served, an order is paid in the last second before its deadline.
    function passTime(uint256 seconds_) external {
        uint256 until = block.timestamp + (seconds_ % (LIFE / 2));
        for (uint256 index = _firstDue(until); index < _served.length; index = _firstDue(until)) {
            Job memory job = _served[index];
            if (!_isStopped(job)) _settleAtTheLastSecond(job);
            _dropServed(index);
        }
        VM.warp(until);
    }

    // Everything else

    function withdraw(uint256 seed) external {
        (address owner, BlocklistToken token) = (_owners[seed % OWNERS], _tokens[(seed >> 8) % TOKENS]);
        uint256 credit = expectedCredit[owner][address(token)];
        if (credit == 0 || token.isBlocked(owner)) return;
        uint256 balance = token.balanceOf(owner);
        PREPAID.withdrawFor(address(token), owner);
        if (token.balanceOf(owner) != balance + credit) violations[10]++;
        expectedCredit[owner][address(token)] = 0;
        withdrawn[address(token)] += credit;
        calls["withdraw"]++;
    }

    /// @dev A blocked payee cannot be paid out; everything else must go on.
    function setBlocked(uint256 seed) external {
        (address owner, BlocklistToken token) = (_owners[2 + (seed % 4)], _tokens[(seed >> 8) % TOKENS]);
        bool blocked = !token.isBlocked(owner);
        token.setBlocked(owner, blocked);
        if (!blocked || expectedCredit[owner][address(token)] == 0) return;
        try PREPAID.withdrawFor(address(token), owner) {
            violations[12]++;
        } catch {
            calls["blockedWithdrawal"]++;
        }
    }

    /// @dev Tokens that nobody owes.
    function force(uint256 seed, uint80 amount) external {
        BlocklistToken token = _tokens[seed % TOKENS];
        token.mint(address(PREPAID), amount);
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

    function paidCount() external view returns (uint256) {
        return _paid.length;
    }

    function paidAt(uint256 index) external view returns (Job memory job, uint256 payments) {
        job = _paid[index];
        return (job, _payments[PREPAID.hashOrder(job)]);
    }

    function servedCount() external view returns (uint256) {
        return _served.length;
    }

    function servedAt(uint256 index) external view returns (Job memory) {
        return _served[index];
    }

    /// @dev Whether the deposit of a served order covers all that was served out of it, until the last of their deadlines.
    function isCovered(Job memory job) external view returns (bool) {
        uint256 latest = _latestDeadline(job.client, job.provider, job.token, 0);
        uint256 secured = PREPAID.securedUntil(job.client, job.provider, job.token, latest);
        return secured >= _heldOf(job.client, job.provider, job.token).served;
    }

    function heldOf(address client, address provider, address token) external view returns (Held memory) {
        return _held[keccak256(abi.encode(client, provider, token))];
    }

    function tokenAt(uint256 index) external view returns (BlocklistToken) {
        return _tokens[index];
    }

    function ownerAt(uint256 index) external view returns (address) {
        return _owners[index];
    }

    /// @dev The latest of `deadline` and the deadlines of what was served out of one deposit.
    function _latestDeadline(
        address client,
        address provider,
        address token,
        uint256 deadline
    ) private view returns (uint256 latest) {
        latest = deadline;
        for (uint256 i; i < _served.length; ++i) {
            Job memory job = _served[i];
            bool same = job.client == client && job.provider == provider && job.token == token;
            if (same && job.deadline > latest) latest = job.deadline;
        }
    }

    /// @dev Which served order's deadline comes first, if it comes until then; none is the number of them.
    function _firstDue(uint256 until) private view returns (uint256 index) {
        index = _served.length;
        for (uint256 i; i < _served.length; ++i) {
            if (_served[i].deadline > until) continue;
            (index, until) = (i, _served[i].deadline);
        }
    }

    function _settleAtTheLastSecond(Job memory job) private {
        if (job.deadline - 1 > block.timestamp) VM.warp(job.deadline - 1);
        SignedOrder[] memory orders = new SignedOrder[](1);
        orders[0] = _signed(job, job.nonce, job.nonce);
        VM.prank(job.provider);
        PREPAID.settleOrders(orders);
        if (!PREPAID.isNonceUsed(job.client, job.provider, job.nonce)) violations[8]++;
        _accountFor(job);
        calls["settleServed"]++;
    }

    /// @dev An order for a batch of a provider's, and whether it must be paid.
    function _pick(uint256 seed, address provider) private returns (Job memory job, bool due) {
        uint256 kind = seed % 8;
        if (kind == 0 && _paid.length != 0) job = _paid[(seed >> 32) % _paid.length];
        if (kind == 0 && job.provider == provider) {
            // Repeated, or another order with a used nonce.
            if (seed & 8 != 0) job.amount += 1;
            job.deadline = uint64(block.timestamp + 1);
            return (job, false);
        }
        uint256 index = _served.length == 0 ? 0 : (seed >> 32) % _served.length;
        if (kind == 1 && _served.length != 0) job = _served[index];
        if (kind == 1 && job.provider == provider) {
            due = !_isStopped(job) && block.timestamp < job.deadline;
            if (due) _dropServed(index);
            return (job, due);
        }
        (address client, , address token) = _pair(seed);
        Held storage held = _heldOf(client, provider, token);
        uint256 free = held.balance > held.served ? held.balance - held.served : 0;
        uint256 deadline = block.timestamp + (kind == 2 ? 0 : 1 + ((seed >> 16) % LIFE));
        bool covered = free > held.announced && kind > 3;
        uint256 amount = covered ? 1 + ((seed >> 64) % (free - held.announced)) : held.balance + 1;
        job = _order(seed, client, provider, token, amount, deadline);
        return (job, covered);
    }

    /// @dev Takes the royalty from the registry and the toll from the constant.
    function _accountFor(Job memory job) private {
        (, uint16 royaltyBps, address royaltyTo, ) = MARKET.REGISTRY().termsOf(job.modelId);
        uint256 toll = (job.amount * TOLL_BPS) / BASIS_POINTS;
        uint256 royalty = (job.amount * royaltyBps) / BASIS_POINTS;
        _heldOf(job.client, job.provider, job.token).balance -= job.amount;
        expectedCredit[job.provider][job.token] += job.amount - toll - royalty;
        expectedCredit[PREPAID.TOLL_COLLECTOR()][job.token] += toll;
        if (royaltyBps != 0) expectedCredit[royaltyTo][job.token] += royalty;
        _paid.push(job);
        _payments[PREPAID.hashOrder(job)]++;
    }

    function _dropServed(uint256 index) private {
        Job memory job = _served[index];
        _heldOf(job.client, job.provider, job.token).served -= job.amount;
        _served[index] = _served[_served.length - 1];
        _served.pop();
    }

    function _order(
        uint256 seed,
        address client,
        address provider,
        address token,
        uint256 amount,
        uint256 deadline
    ) private returns (Job memory) {
        return
            Job({
                client: client,
                provider: provider,
                token: token,
                amount: amount,
                bond: 0,
                modelId: _models[(seed >> 3) % _models.length],
                inputCommitment: bytes32(1 + ((seed >> 4) % 1_000)),
                acceptBy: 0,
                deadline: uint64(deadline),
                funding: 5,
                nonce: _nonce++
            });
    }

    function _signed(Job memory job, uint256 word, uint256 seed) private view returns (SignedOrder memory) {
        bytes32 orderId = PREPAID.hashOrder(job);
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(job.client == _owners[0] ? 1 : 2, orderId);
        uint256[8] memory proof = MARKET.proveFor(job, word, orderId, seed);
        if (seed % 2 == 0) proof = MARKET.malleate(proof);
        bytes32 vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
        return SignedOrder({job: job, words: MARKET.wordsOf(word), proof: proof, r: r, vs: vs});
    }

    function _pair(uint256 seed) private view returns (address client, address provider, address token) {
        seed >>= 128;
        return (_owners[seed % 2], _owners[2 + ((seed >> 1) % 2)], address(_tokens[(seed >> 2) % TOKENS]));
    }

    function _heldOf(address client, address provider, address token) private view returns (Held storage) {
        return _held[keccak256(abi.encode(client, provider, token))];
    }

    function _isStopped(Job memory job) private view returns (bool) {
        return MARKET.REGISTRY().isStopped(MARKET.keyOf(job.modelId));
    }
}

/// @title The invariants of docs/invariants.md for prepaid orders, by number
/// forge-config: default.invariant.fail-on-revert = true
contract PrepaidInvariantsTest {
    PrepaidHandler private _handler;

    function setUp() public {
        _handler = PrepaidHandler(deploy("Prepaid.t.sol:PrepaidHandler", ""));
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
            _handler.deposit(seed, uint80(seed));
            _handler.announce(seed, seed >> 8);
            _handler.serve(seed, seed >> 8);
            _handler.settle(seed >> 1, seed);
            _handler.settleForged(seed >> 2, seed);
            _handler.settleSham(seed >> 3, seed);
            _handler.cancel(seed);
            _handler.execute(seed >> 3);
            _handler.execute(seed >> 4);
            _handler.passTime(seed);
            _handler.force(seed, uint80(seed));
            _handler.setBlocked(seed);
            _handler.withdraw(seed);
            _handler.stopKey(seed);
        }
        string[15] memory actions = [
            "deposit",
            "announce",
            "announceRefused",
            "cancel",
            "execute",
            "executeRefused",
            "serve",
            "settle",
            "settleForged",
            "settleServed",
            "settleSham",
            "withdraw",
            "blockedWithdrawal",
            "force",
            "stopKey"
        ];
        for (uint256 i; i < actions.length; ++i) require(_handler.calls(actions[i]) != 0, actions[i]);
        _requireAll();
    }

    function invariant_01_BalanceCoversPrepaidDeposits() public view {
        for (uint256 i; i < _handler.TOKENS(); ++i) {
            address token = address(_handler.tokenAt(i));
            uint256 owed = _depositsIn(token) + _creditsIn(token);
            require(_handler.tokenAt(i).balanceOf(address(_handler.PREPAID())) >= owed, "balance below what is owed");
        }
    }

    function invariant_02_PrepaidPartsMakeTheDeposits() public view {
        for (uint256 i; i < _handler.TOKENS(); ++i) {
            address token = address(_handler.tokenAt(i));
            uint256 parts = _depositsIn(token) + _creditsIn(token) + _handler.withdrawn(token);
            require(parts == _handler.deposited(token), "parts of the deposits");
        }
    }

    function invariant_05_OrdersArePaidOnceWhateverTheProof() public view {
        for (uint256 i; i < _handler.paidCount(); ++i) {
            (, uint256 payments) = _handler.paidAt(i);
            require(payments == 1, "paid twice");
        }
        _requireDepositsAsExpected();
    }

    function invariant_06_NoOrderIsPaidWithoutVerification() public view {
        require(_handler.violations(6) == 0, "a forged order was paid");
    }

    function invariant_08_WithdrawalsWaitForServedOrders() public view {
        require(_handler.violations(8) == 0, "outside its window");
        for (uint256 i; i < _handler.servedCount(); ++i) {
            Job memory job = _handler.servedAt(i);
            if (block.timestamp >= job.deadline) continue;
            require(_handler.isCovered(job), "a served order lost its cover");
        }
    }

    function invariant_10_PrepaidCreditsAreTheirOwners() public view {
        require(_handler.violations(10) == 0, "a withdrawal paid another");
        _requireCreditsAsExpected();
    }

    function invariant_12_PrepaidPayeeFailureStaysLocal() public view {
        require(_handler.violations(12) == 0, "a blocked payee was paid");
        _requireCreditsAsExpected();
    }

    function invariant_13_PrepaidTollIsTheCappedConstant() public view {
        require(_handler.PREPAID().TOLL_BPS() == _handler.TOLL_BPS(), "toll moved");
        require(_handler.TOLL_BPS() <= _handler.PREPAID().MAX_TOLL_BPS(), "toll above the cap");
    }

    function invariant_20_ForcedTokensChangeNoDeposit() public view {
        _requireCreditsAsExpected();
        _requireDepositsAsExpected();
    }

    function invariant_21_OrderNoncesAreUsedOnce() public view {
        require(_handler.violations(21) == 0, "not its provider settled an order");
        for (uint256 i; i < _handler.paidCount(); ++i) {
            (Job memory job, ) = _handler.paidAt(i);
            require(_handler.PREPAID().isNonceUsed(job.client, job.provider, job.nonce), "a nonce came back");
        }
        for (uint256 i; i < _handler.servedCount(); ++i) {
            Job memory job = _handler.servedAt(i);
            require(!_handler.PREPAID().isNonceUsed(job.client, job.provider, job.nonce), "a nonce was used up");
        }
    }

    function _requireAll() private view {
        invariant_01_BalanceCoversPrepaidDeposits();
        invariant_02_PrepaidPartsMakeTheDeposits();
        invariant_05_OrdersArePaidOnceWhateverTheProof();
        invariant_06_NoOrderIsPaidWithoutVerification();
        invariant_08_WithdrawalsWaitForServedOrders();
        invariant_10_PrepaidCreditsAreTheirOwners();
        invariant_12_PrepaidPayeeFailureStaysLocal();
        invariant_20_ForcedTokensChangeNoDeposit();
        invariant_21_OrderNoncesAreUsedOnce();
    }

    function _requireCreditsAsExpected() private view {
        for (uint256 i; i < _handler.TOKENS(); ++i) {
            address token = address(_handler.tokenAt(i));
            for (uint256 j; j < _handler.OWNERS(); ++j) {
                address owner = _handler.ownerAt(j);
                uint256 credit = _handler.PREPAID().creditOf(owner, token);
                require(credit == _handler.expectedCredit(owner, token), "credit differs from the account");
            }
        }
    }

    function _requireDepositsAsExpected() private view {
        for (uint256 i; i < 8; ++i) {
            (address client, address provider, address token) = _depositAt(i);
            PrepaidHandler.Held memory held = _handler.heldOf(client, provider, token);
            PrepaidOrders prepaid = _handler.PREPAID();
            require(prepaid.depositOf(client, provider, token) == held.balance, "deposit differs from the account");
            (uint256 announced, uint256 maturesAt, ) = prepaid.announcementOf(client, provider, token);
            require(announced == held.announced, "announcement differs from the account");
            require(announced == 0 || maturesAt == held.announcedAt + _handler.LIFE(), "clock differs");
        }
    }

    function _depositsIn(address token) private view returns (uint256 sum) {
        for (uint256 i; i < 8; ++i) {
            (address client, address provider, address kind) = _depositAt(i);
            if (kind == token) sum += _handler.PREPAID().depositOf(client, provider, token);
        }
    }

    function _creditsIn(address token) private view returns (uint256 sum) {
        for (uint256 i; i < _handler.OWNERS(); ++i) sum += _handler.PREPAID().creditOf(_handler.ownerAt(i), token);
    }

    /// @dev Two clients, two providers, two tokens: every deposit that can exist.
    function _depositAt(uint256 index) private view returns (address client, address provider, address token) {
        client = _handler.ownerAt(index & 1);
        provider = _handler.ownerAt(2 + ((index >> 1) & 1));
        token = address(_handler.tokenAt(index >> 2));
    }
}
