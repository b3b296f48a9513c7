import { readFileSync } from "node:fs";
import { expect } from "chai";
import { network } from "hardhat";
import { projectPath } from "../../../src/paths.ts";

const { ethers } = await network.create();
const PAGE = readFileSync(projectPath("docs/operations/prepaid-orders.md"), "utf8");
const SECTIONS = [...PAGE.matchAll(/^## (.+)$/gm)].flatMap(([, title]) => title.split(" and "));
const NAMED = new Set([...PAGE.matchAll(/`(\w+\([\w, ]*\))`/g)].map(([, call]) => call));
/** Views, and an event, that the page names with their arguments. */
const OTHERS = [
  "OrderSkipped(orderId, index, reason)",
  "hashOrder(job)",
  "securedUntil(client, provider, token, deadline)",
  "MAX_ORDER_LIFE()",
];
/** Only the constructor reverts with these, so that no operation can. */
const OF_CONSTRUCTOR = ["OrderLifeOutOfRange", "TollTooHigh"];

async function errorsOf(contract: string): Promise<string[]> {
  const { interface: abi } = await ethers.getContractAt(contract, ethers.ZeroAddress);
  const found: string[] = [];
  abi.forEachError(({ name, inputs }) => {
    if (!OF_CONSTRUCTOR.includes(name)) found.push(`${name}(${inputs.map((input) => input.name).join(", ")})`);
  });
  return found;
}

describe("docs/operations/prepaid-orders.md", () => {
  it("has a section for every function that changes something", async () => {
    const { interface: abi } = await ethers.getContractFactory("PrepaidOrders");
    abi.forEachFunction(({ name, constant }) => {
      if (!constant) expect(SECTIONS).to.include(name);
    });
  });

  it("names every error that the interface declares, and none that does not exist", async () => {
    const declared = await errorsOf("IPrepaidOrders");
    const contracts = ["PrepaidOrders", "ModelRegistry"];
    const known = [...(await Promise.all(contracts.map(errorsOf))).flat(), ...OTHERS];
    for (const error of declared) expect([...NAMED], error).to.include(error);
    for (const error of NAMED) expect(known).to.include(error);
  });

  it("names every event that the contract emits", async () => {
    const source = readFileSync(projectPath("contracts/PrepaidOrders.sol"), "utf8");
    const emitted = [...source.matchAll(/emit (\w+)\(/g)].map(([, name]) => name);
    for (const name of [...emitted, "Withdrawn"]) expect(PAGE).to.match(new RegExp(`\`${name}[\`(]`));
  });
});
