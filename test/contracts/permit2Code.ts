import { readFileSync } from "node:fs";
import { expect } from "chai";
import type { NetworkConnection } from "hardhat/types/network";
import { projectPath } from "../../src/paths.ts";

export const PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3";

/** Uniswap's own copy of the deployed code; it was made at another address, of which two words speak. */
const SOURCE = "node_modules/@uniswap/v4-periphery/lib/permit2/test/utils/DeployPermit2.sol";
/** Where the code keeps the chain's id and the domain separator, which the constructor writes. */
const IMMUTABLES = [6945, 6983];
/** What stands before the deployed code in the code that creates it: Permit2's constructor, by solc 0.8.17. */
const CONSTRUCTOR =
  "60c0346100bb574660a052602081017f8cad95687ba82c2ce50e74f7b754645e5117c3a5bec8151c0726d5857980a86681527f9ac997416e8f" +
  "f9d2ff6bebeb7149f65cdae5e32e2b90440b566bb3044041d36a60408301524660608301523060808301526080825260a08201918083106001" +
  "8060401b038411176100a557826040525190206080526123c090816100c1823960805181611b47015260a05181611b210152f35b634e487b71" +
  "60e01b600052604160045260246000fd5b600080fdfe";
/** The factory that created Permit2 on every chain, and its code. */
const FACTORY = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
const FACTORY_CODE = `0x7${"f".repeat(63)}e03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3`;
const SALT = "0x0000000000000000000000000000000000000000d3af2663da51c10215000000";

/** Creates Permit2 as it was created on public chains. Its address is a hash of its code: other code lands elsewhere. */
export async function deployPermit2({ ethers, networkHelpers }: NetworkConnection): Promise<void> {
  const literal = /hex"([0-9a-f]+)"/.exec(readFileSync(projectPath(SOURCE), "utf8"));
  if (literal === null) throw new Error(`${SOURCE} has no code`);
  const code = IMMUTABLES.reduce(
    (hex, at) => hex.slice(0, 2 * at) + "0".repeat(64) + hex.slice(2 * at + 64),
    literal[1],
  );
  await networkHelpers.setCode(FACTORY, FACTORY_CODE);
  const [sender] = await ethers.getSigners();
  await sender.sendTransaction({ to: FACTORY, data: ethers.concat([SALT, `0x${CONSTRUCTOR}${code}`]) });
  expect((await ethers.provider.getCode(PERMIT2)).length).to.equal(2 + code.length);
}
