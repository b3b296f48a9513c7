import { readFileSync } from "node:fs";
import { expect } from "chai";
import { network } from "hardhat";
import { measureGas } from "../../src/chain/measureGas.ts";
import { projectPath } from "../../src/paths.ts";
import { keyOf, mint, trapdoorOf } from "../fixtures/mint.ts";

const SNAPSHOT = JSON.parse(readFileSync(projectPath("test/gas/snapshot.json"), "utf8")) as unknown;

describe("gas", () => {
  it("of every operation is exactly what test/gas/snapshot.json says", async () => {
    const trapdoor = trapdoorOf("gas");
    const prover = { key: keyOf(trapdoor), prove: (signals: readonly bigint[]) => mint(trapdoor, signals) };
    expect(await measureGas(await network.create(), prover)).to.deep.equal(SNAPSHOT);
  });

  it("stays within the budgets of verify and settle", () => {
    const { verify, settle, settleRoyalty } = SNAPSHOT as Record<string, number>;
    expect(verify).to.be.within(199_450, 208_400);
    expect(settle).to.be.at.most(266_000);
    expect(settleRoyalty).to.be.at.most(270_000);
  });
});
