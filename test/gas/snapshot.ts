import { readFileSync } from "node:fs";
import { expect } from "chai";
import { network } from "hardhat";
import { gasReport } from "../../src/gas/gasReport.ts";
import { type GasFigures, measureGas } from "../../src/gas/measureGas.ts";
import { projectPath } from "../../src/paths.ts";

const SNAPSHOT = JSON.parse(readFileSync(projectPath("test/gas/snapshot.json"), "utf8")) as GasFigures;

/** What an item may cost, in whole transactions but for `verify`. */
const BUDGETS: Partial<GasFigures> = {
  verify: 208_400,
  settle: 266_000,
  settleRoyalty: 270_000,
  settleBatch32: 75_000,
  settleBatch32Payees: 80_000,
  settleBatch32Models8: 92_000,
  settleOrders32: 78_000,
  settleOrders32Clients: 86_000,
  verifyAndSettleBatch32: 87_400,
};

describe("gas", () => {
  it("of every operation is exactly what test/gas/snapshot.json says", async () => {
    expect(await measureGas(await network.create())).to.deep.equal(SNAPSHOT);
  });

  it("stays between the precompiles' own price and the budget", () => {
    const report = gasReport(SNAPSHOT);
    for (const [key, budget] of Object.entries(BUDGETS)) {
      const { gas, floor } = report[key as keyof GasFigures];
      expect(gas, key).to.be.above(floor!);
      expect(gas, key).to.be.at.most(budget);
    }
  });
});
