import { readFileSync } from "node:fs";
import { expect } from "chai";
import { network } from "hardhat";
import { projectPath } from "../../src/paths.ts";

const { ethers } = await network.create();
const PAGE = readFileSync(projectPath("docs/operations/escrow.md"), "utf8");
const SECTIONS = [...PAGE.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
const NAMED = new Set([...PAGE.matchAll(/`(\w+)\(([\w, ]*)\)`/g)].map(([call]) => call.slice(1, -1)));
/** Whose errors and events a caller of the escrow meets; the tokens' and Permit2's own are only examples on the page. */
const CONTRACTS = ["InferenceEscrow", "ModelRegistry", "NativeCollector", "AuthorizationCollector", "TestToken"];
const EXAMPLES = ["InvalidSigner()", "ValueMismatch(0, amount)"];

describe("docs/operations/escrow.md", () => {
  it("has a section for every function that changes something", async () => {
    const { interface: abi } = await ethers.getContractFactory("InferenceEscrow");
    const writers: string[] = [];
    abi.forEachFunction(({ name, constant }) => {
      if (!constant) writers.push(name);
    });
    for (const name of writers) expect(SECTIONS).to.include(name);
  });

  it("names every error that the escrow declares, and no error that does not exist", async () => {
    const signatures = async (contract: string) => {
      const { interface: abi } = await ethers.getContractAt(contract, ethers.ZeroAddress);
      const found: string[] = [];
      abi.forEachError(({ name, inputs }) => found.push(`${name}(${inputs.map((input) => input.name).join(", ")})`));
      return found;
    };
    const declared = [...(await signatures("IInferenceEscrow")), "InvalidSignature(signer, digest)"];
    const known = (await Promise.all(CONTRACTS.map(signatures))).flat();
    for (const error of declared) expect([...NAMED], error).to.include(error);
    for (const error of NAMED) expect([...known, ...EXAMPLES, ...declared]).to.include(error);
  });

  it("names every event that the escrow emits", async () => {
    const { interface: abi } = await ethers.getContractFactory("InferenceEscrow");
    const source = readFileSync(projectPath("contracts/InferenceEscrow.sol"), "utf8");
    const emitted = [...source.matchAll(/emit (\w+)\(/g)].map(([, name]) => name);
    for (const name of [...emitted, "Withdrawn"]) {
      expect(abi.getEvent(name as "Withdrawn")).not.to.equal(null);
      expect(PAGE).to.include(`\`${name}\``);
    }
  });
});
