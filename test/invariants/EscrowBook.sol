// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {InferenceEscrow} from "../../contracts/InferenceEscrow.sol";
import {TokenLib} from "../../contracts/libraries/TokenLib.sol";
import {BlocklistToken} from "../../contracts/mocks/BlocklistToken.sol";
import {Job, JobState} from "../../contracts/types/Job.sol";
import {Market, newMarket} from "./Market.sol";
import {VM} from "./Vm.sol";

/// @title An account of what an escrow owes to whom, kept apart from the escrow
abstract contract EscrowBook {
    uint16 public constant TOLL_BPS = 99;
    /// @dev Two ERC-20 tokens and native ether.
    uint256 public constant TOKENS = 3;
    uint256 public constant OWNERS = 6;
    uint256 internal constant CLIENTS = 2;
    uint256 internal constant MAX_LIFE = 1 days;
    uint256 private constant BASIS_POINTS = 10_000;
    /// @dev Private key of the first client; the next one's is one more.
    uint256 private constant CLIENT_KEY = 0xC11E;

    struct Account {
        Job job;
        JobState state;
        // What settlement and refund credited for this job, in base units; the bond's way apart.
        uint256 paidToProvider;
        uint256 fees;
        uint256 refunded;
        uint256 bondIn;
        uint256 bondToProvider;
        uint256 bondToClient;
        uint256 payments;
    }

    Market public immutable MARKET = newMarket(TOLL_BPS);
    InferenceEscrow public immutable ESCROW;

    Account[] internal _accounts;
    uint256[] internal _models;
    address[] internal _tokens;
    address[] internal _owners;

    mapping(address owner => mapping(address token => uint256 amount)) public expectedCredit;
    /// @dev Deposits and bonds of open jobs.
    mapping(address token => uint256 amount) public openDeposits;
    mapping(address token => uint256 amount) public expectedToll;

    constructor() {
        ESCROW = MARKET.ESCROW();
        for (uint256 i; i < CLIENTS; ++i) _owners.push(VM.addr(CLIENT_KEY + i));
        _owners.push(address(0xB1));
        _owners.push(address(0xB2));
        _owners.push(ESCROW.TOLL_COLLECTOR());
        _owners.push(address(0x2047));
        _models.push(MARKET.addModel(1, 0));
        _models.push(MARKET.addModel(2, 321));
        for (uint256 i; i + 1 < TOKENS; ++i) _tokens.push(_newToken());
        _tokens.push(TokenLib.NATIVE);
        // Of ether, as of tokens, more than any run can move.
        for (uint256 i; i < 4; ++i) VM.deal(_owners[i], 1 << 120);
    }

    function accountCount() external view returns (uint256) {
        return _accounts.length;
    }

    function accountAt(uint256 index) external view returns (Account memory) {
        return _accounts[index];
    }

    function tokenAt(uint256 index) external view returns (address) {
        return _tokens[index];
    }

    function ownerAt(uint256 index) external view returns (address) {
        return _owners[index];
    }

    /// @dev What an account holds outside of the escrow, or the escrow itself.
    function balanceOf(address token, address owner) public view returns (uint256) {
        return token == TokenLib.NATIVE ? owner.balance : BlocklistToken(token).balanceOf(owner);
    }

    /// @dev The value that goes with a payment.
    function _valueOf(address token, uint256 amount) internal pure returns (uint256) {
        return token == TokenLib.NATIVE ? amount : 0;
    }

    /// @dev The signature of one of the clients.
    function _sign(address client, bytes32 digest) internal view returns (bytes memory) {
        uint256 key = client == _owners[0] ? CLIENT_KEY : CLIENT_KEY + 1;
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    // What the rules allow now

    function _isOpen(Account storage account) internal view returns (bool) {
        return account.state == JobState.Funded || account.state == JobState.Accepted;
    }

    function _isStopped(Job memory job) internal view returns (bool) {
        return MARKET.REGISTRY().isStopped(MARKET.keyOf(job.modelId));
    }

    function _canAccept(Account storage account) internal view returns (bool) {
        Job memory job = account.job;
        bool waits = account.state == JobState.Funded && job.bond != 0;
        return waits && block.timestamp < job.acceptBy && !_isStopped(job);
    }

    function _canSettle(Account storage account) internal view returns (bool) {
        Job memory job = account.job;
        bool waits = account.state == (job.bond == 0 ? JobState.Funded : JobState.Accepted);
        return waits && block.timestamp < job.deadline && !_isStopped(job);
    }

    function _canRefund(Account storage account) internal view returns (bool) {
        Job memory job = account.job;
        bool unaccepted = account.state == JobState.Funded && job.bond != 0 && block.timestamp >= job.acceptBy;
        return _isOpen(account) && (unaccepted || block.timestamp >= job.deadline || _isStopped(job));
    }

    // What calls change

    function _accountForOpening(Job memory job) internal {
        _accounts.push(Account(job, JobState.Funded, 0, 0, 0, 0, 0, 0, 0));
        openDeposits[job.token] += job.amount;
    }

    function _accountForAcceptance(Account storage account) internal {
        account.state = JobState.Accepted;
        account.bondIn = account.job.bond;
        openDeposits[account.job.token] += account.job.bond;
    }

    /// @dev Takes the royalty from the registry and the toll from the constant; the provider's part was measured.
    function _accountForSettlement(Account storage account, uint256 paidToProvider) internal {
        Job memory job = account.job;
        (uint256 toll, uint256 royalty, address royaltyTo) = _feesOf(job);
        account.state = JobState.Settled;
        account.paidToProvider += paidToProvider - job.bond;
        account.bondToProvider += job.bond;
        account.fees += toll + royalty;
        account.payments += 1;
        openDeposits[job.token] -= job.amount + job.bond;
        expectedCredit[job.provider][job.token] += job.amount - toll - royalty + job.bond;
        expectedCredit[ESCROW.TOLL_COLLECTOR()][job.token] += toll;
        expectedCredit[royaltyTo][job.token] += royalty;
        expectedToll[job.token] += toll;
    }

    function _accountForRefund(Account storage account) internal {
        Job memory job = account.job;
        uint256 bond = account.bondIn;
        bool stopped = _isStopped(job);
        account.state = JobState.Refunded;
        account.refunded += job.amount;
        if (stopped) account.bondToProvider += bond;
        else account.bondToClient += bond;
        openDeposits[job.token] -= job.amount + bond;
        expectedCredit[job.client][job.token] += job.amount;
        expectedCredit[stopped ? job.provider : job.client][job.token] += bond;
    }

    function _feesOf(Job memory job) internal view returns (uint256 toll, uint256 royalty, address royaltyTo) {
        uint16 royaltyBps;
        (, royaltyBps, royaltyTo, ) = MARKET.REGISTRY().termsOf(job.modelId);
        toll = (job.amount * TOLL_BPS) / BASIS_POINTS;
        royalty = (job.amount * royaltyBps) / BASIS_POINTS;
    }

    /// @dev A token of which clients and providers have plenty, and let the collector take it.
    function _newToken() private returns (address) {
        BlocklistToken token = new BlocklistToken();
        address collector = address(ESCROW.collectorOf(1));
        for (uint256 i; i < 4; ++i) {
            token.mint(_owners[i], type(uint128).max);
            VM.prank(_owners[i]);
            token.approve(collector, type(uint256).max);
        }
        return address(token);
    }
}
