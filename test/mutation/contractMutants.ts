import { expect } from "chai";
import { compile } from "../../src/contractMutation/compiler.ts";
import { contractMutants, isMutated } from "../../src/contractMutation/contractMutants.ts";
import { scoreContracts } from "../../src/contractMutation/contractReport.ts";
import type { JudgedContract } from "../../src/contractMutation/judgeContracts.ts";
import { KillHistory } from "../../src/contractMutation/killHistory.ts";
import type { ContractMutant } from "../../src/contractMutation/mutant.ts";
import { sampleOf } from "../../src/contractMutation/verdictMemory.ts";

const FILE = "contracts/Sample.sol";

/** A contract around some members; comments with letters of two bytes come first, which move all offsets. */
const contractOf = (members: string): string => `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice Σ α → β
contract Sample {
    enum State { None, Open, Closed }
    struct Pair { address client; address provider; uint256 amount; }
    event Paid(address from, address to, uint256 amount);
    error Refused(uint256 got, uint256 wanted);
    uint256 private _total;
    mapping(address owner => uint256 amount) private _credits;
    modifier locked() { _; }
    function _pay(address to, uint256 amount) internal { _credits[to] += amount; }
${members}
}
`;

const mutantsOf = (members: string): ContractMutant[] =>
  contractMutants([FILE], new Map([[FILE, contractOf(members)]]));

/** What becomes of the lines of `members`, without the rest of the contract. */
const changesOf = (members: string, operator: string): string[] => {
  const last = contractOf("").split("\n").length - 3;
  return mutantsOf(members)
    .filter((mutant) => mutant.operator === operator && mutant.line > last)
    .map(({ after }) => after);
};

const body = (code: string, head = "uint256 a, uint256 b"): string => `function f(${head}) external {\n${code}\n}`;

describe("mutants of a contract", () => {
  for (const [operator, code, wanted] of [
    ["relation", "if (a < b) _total = 1;", ["if (a <= b) _total = 1;", "if (a >= b) _total = 1;"]],
    [
      "relation",
      "if ((a) == (b)) _total = 1;",
      ["if ((a) != (b)) _total = 1;", "if ((a) <= (b)) _total = 1;", "if ((a) >= (b)) _total = 1;"],
    ],
    ["relation", "if (a == 0) _total = 1;", ["if (a != 0) _total = 1;", "if (a >= 0) _total = 1;"]],
    ["relation", "if (a != 0) _total = 1;", ["if (a == 0) _total = 1;", "if (a < 0) _total = 1;"]],
    ["operator", "_total = a + b;", ["_total = a - b;"]],
    ["operator", "_total += a;", ["_total -= a;", "_total = a;"]],
    ["operator", "if (a == 0 && b == 0) return;", ["if (a == 0 || b == 0) return;"]],
    ["operand dropped", "if (a == 0 || b > 1) return;", ["if ((a == 0)) return;", "if ((b > 1)) return;"]],
    ["literal", "_total = 7;", ["_total = (7 + 1);", "_total = (7 - 1);"]],
    ["condition", "if (a == b) return;", ["if (true) return;", "if (false) return;"]],
    ["condition", "while (a < b) ++a;", ["while (false) ++a;"]],
    ["statement dropped", "_pay(msg.sender, a);", ["{}"]],
    ["statement dropped", "emit Paid(msg.sender, address(1), a);", ["{}"]],
    ["statement dropped", "revert Refused(a, b);", ["{}"]],
    ["arguments swapped", "revert Refused(a, b);", ["revert Refused(b, a);"]],
    ["another variable", "revert Refused(a, 1);", ["revert Refused(b, 1);"]],
    [
      "event argument zero",
      "emit Paid(address(1), address(2), a);",
      [
        "emit Paid(address(0), address(2), a);",
        "emit Paid(address(1), address(0), a);",
        "emit Paid(address(1), address(2), uint256(0));",
      ],
    ],
    ["environment", "_pay(msg.sender, block.chainid);", ["_pay(tx.origin, block.chainid);", "_pay(msg.sender, 0);"]],
    ["conversion dropped", "_total = uint256(a);", ["_total = a;"]],
    ["value zero", "uint256 c = a;", ["uint256 c = uint256(0);"]],
    ["parts swapped", "(a, b) = (b, a);", ["(b, a) = (b, a);", "(a, b) = (a, b);"]],
    ["overflow unchecked", "_total += a;", ["unchecked { _total += a; }"]],
    ["overflow checked", "unchecked { _total += a; }", ["{ _total += a; }"]],
    [
      "effect after call",
      "_credits[msg.sender] = 0;\n_pay(msg.sender, a);",
      ["{} _pay(msg.sender, a); _credits[msg.sender] = 0;"],
    ],
  ] as const) {
    it(`${operator}: ${code.replaceAll("\n", " ")}`, () => {
      expect(changesOf(body(code), operator)).to.deep.equal(wanted);
    });
  }

  it("drop modifiers, and replace returned values, members of structs and states", () => {
    const locked = "function f() external locked {}";
    expect(changesOf(locked, "modifier dropped")).to.deep.equal(["function f() external {}"]);
    const told = "function f(bool x) external pure returns (bool) {\nreturn x;\n}";
    expect(changesOf(told, "returned value")).to.deep.equal(["return true;", "return false;"]);
    const pair = body("_pay(p.client, p.amount);", "Pair calldata p");
    expect(changesOf(pair, "another member")).to.deep.equal(["_pay(p.provider, p.amount);"]);
    const state = body("if (s == State.Closed) _total = 1;", "State s");
    expect(changesOf(state, "another member")).to.deep.equal(["if (s == State.None) _total = 1;"]);
  });

  it("change assembly: instructions, operands, literals, statements and outer variables", () => {
    const assembly = (line: string): string => body(`assembly {\n${line}\n}`);
    expect(changesOf(assembly("a := add(a, 3)"), "instruction")).to.deep.equal(["a := sub(a, 3)"]);
    expect(changesOf(assembly("a := add(a, 3)"), "literal")).to.deep.equal(["a := add(a, 4)", "a := add(a, 2)"]);
    expect(changesOf(assembly("a := mload(0x40)"), "literal")).to.deep.equal([]);
    expect(changesOf(assembly("a := and(a, b)"), "operand dropped")).to.deep.equal(["a := a", "a := b"]);
    expect(changesOf(assembly("mstore(0, b)"), "statement dropped")).to.deep.equal(["{}"]);
    expect(changesOf(assembly("mstore(a, b)"), "another variable")).to.deep.equal(["mstore(b, b)", "mstore(a, a)"]);
    expect(changesOf(assembly("a := iszero(eq(a, b))"), "relation")).to.have.lengthOf(3);
  });

  it("leave lengths of types alone, and tell each member's mutants apart", () => {
    const sized = "function f(uint256[8] calldata x) external pure returns (uint256) {\nreturn x[7];\n}";
    expect(changesOf(sized, "literal")).to.deep.equal(["return x[(7 + 1)];", "return x[(7 - 1)];"]);
    expect(new Set(mutantsOf(sized).map(({ member }) => member))).to.deep.equal(new Set(["_pay", "f"]));
  });

  it("differ from the original and from one another", () => {
    const mutants = mutantsOf(body("if (a < b && a != 0) _total += a * b;"));
    const texts = mutants.map(({ text }) => text);
    expect(new Set([...texts, contractOf("")]).size).to.equal(texts.length + 1);
  });

  it("that change no code are told by the bytecode", () => {
    const codeOf = (text: string): string | undefined => {
      const compiled = compile([FILE], new Map([[FILE, text]]), { optimizer: { enabled: true } });
      return "contracts" in compiled ? compiled.contracts[0].bytecode : undefined;
    };
    const members = body("if (a == 0) _total = uint256(b);");
    const original = codeOf(contractOf(members));
    const own = mutantsOf(members).filter(({ member }) => member === "f");
    const same = own.filter(({ text }) => codeOf(text) === original);
    expect(own.length).to.be.greaterThan(5);
    expect(same.map(({ after }) => after)).to.deep.equal(["if (a == 0) _total = b;"]);
  });

  it("are made of all contracts but test tokens, generated files, interfaces and types", () => {
    const files = ["contracts/A.sol", "contracts/libraries/B.sol", "contracts/mocks/C.sol", "contracts/types/D.sol"];
    expect(files.filter(isMutated)).to.deep.equal(files.slice(0, 2));
  });

  it("are sampled the same way every time", () => {
    const mutants = mutantsOf(body("_total = a * b + 3;"));
    expect(sampleOf([...mutants].reverse(), 3)).to.deep.equal(sampleOf(mutants, 3));
  });
});

describe("judging mutants of contracts", () => {
  const [mutant, neighbour] = mutantsOf(body("_total = a * b + 3;")).filter(({ member }) => member === "f");
  const judged = (fate: JudgedContract["fate"]): JudgedContract => ({ ...mutant, fate });

  it("tries first what killed a neighbour", () => {
    const history = new KillHistory();
    history.note(mutant, { file: "test/contracts/b.ts", title: "once", message: "" });
    for (let turn = 0; turn < 2; turn++)
      history.note(neighbour, { file: "test/contracts/a.ts", title: "twice", message: "" });
    expect(history.orderFor(mutant)).to.deep.equal({
      first: ["twice", "once"],
      order: ["test/contracts/a.ts", "test/contracts/b.ts"],
    });
  });

  it("counts mutants that compile to other code, and names survivors without a reason", () => {
    const fates = ["refused", "same", "equivalent", "killed", "late", "survived"] as const;
    const { counted, killed, unexplained } = scoreContracts(fates.map(judged));
    expect([counted, killed]).to.deep.equal([3, 2]);
    expect(unexplained).to.deep.equal([judged("survived")]);
  });
});
