import { expect } from "chai";
import { artifacts } from "hardhat";

/** EIP-170 and EIP-3860, in bytes. */
const [MAX_CODE, MAX_INIT_CODE] = [24_576, 49_152];
/** More than any constructor of the project takes as arguments, in bytes. */
const ARGUMENTS = 10 * 32;
const byteLength = (code: string): number => (code.length - 2) / 2;

describe("the code of every contract", () => {
  it("fits on a chain, and so does the code that creates it", async () => {
    const names = [...(await artifacts.getAllFullyQualifiedNames())].filter(
      (name) => name.startsWith("contracts/") && !name.startsWith("contracts/mocks/"),
    );
    let deployable = 0;
    for (const name of names) {
      const { bytecode, deployedBytecode } = await artifacts.readArtifact(name);
      // Interfaces and abstract contracts have none.
      if (bytecode !== "0x") deployable++;
      expect(byteLength(deployedBytecode), name).to.be.at.most(MAX_CODE);
      expect(byteLength(bytecode), name).to.be.at.most(MAX_INIT_CODE - ARGUMENTS);
    }
    expect(names).to.include("contracts/InferenceEscrow.sol:InferenceEscrow");
    expect(deployable).to.be.greaterThan(10);
  });
});
