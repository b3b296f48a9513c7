import { readFileSync } from "node:fs";
import { expect } from "chai";
import { FunctionFragment, NamedFragment } from "ethers";
import { network } from "hardhat";
import { projectPath } from "../../src/paths.ts";

const { ethers } = await network.create();
const PAGES: Record<string, readonly string[]> = {
  "escrow.md": ["InferenceEscrow"],
  "prepaid-orders.md": ["PrepaidOrders"],
  "registries.md": ["ModelRegistry", "SettlementRegistry"],
};
const CONTRACTS = [...Object.values(PAGES).flat(), "AuthorizationCollector", "NativeCollector"];
/** In none of their ABIs: errors of tokens, of Permit2 and of the library that stores keys, and one with values. */
const OTHERS = [
  "ERC20InsufficientAllowance(spender, allowance, needed)",
  "InvalidSigner()",
  "DeploymentFailed()",
  "ValueMismatch(0, amount)",
];
/** In their ABIs by inheritance only: no call can meet these, of the last one no call of PrepaidOrders. */
const UNMET = ["EIP712DomainChanged", "InvalidShortString", "StringTooLong", "InsufficientBalance", "FailedCall"];

async function fragmentsOf(contract: string): Promise<NamedFragment[]> {
  const { interface: abi } = await ethers.getContractAt(contract, ethers.ZeroAddress);
  return abi.fragments.filter((fragment) => fragment instanceof NamedFragment);
}

const signatureOf = ({ name, inputs }: NamedFragment): string =>
  `${name}(${inputs.map((input) => input.name).join(", ")})`;

for (const [page, contracts] of Object.entries(PAGES)) {
  const text = readFileSync(projectPath(`docs/operations/${page}`), "utf8");
  const found = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, part]) => part);
  const sections = found(/^##+ (.+)$/gm).flatMap((title) => title.split(" and "));
  const names = found(/`(\w+)[`(]/g);
  const signatures = found(/`(\w+\([\w, ]*\))`/g);

  describe(`docs/operations/${page}`, () => {
    for (const contract of contracts) {
      it(`has a section for every function of ${contract}, or its signature if it changes nothing`, async () => {
        const functions = (await fragmentsOf(contract)).filter((fragment) => fragment instanceof FunctionFragment);
        for (const fragment of functions) {
          const places = fragment.constant ? [fragment.name, signatureOf(fragment)] : [fragment.name];
          expect([...sections, ...signatures]).to.include.oneOf(places);
        }
      });

      it(`names every event of ${contract}, and every error with its arguments`, async () => {
        const met = (await fragmentsOf(contract)).filter(({ name }) => !UNMET.includes(name));
        for (const fragment of met) {
          if (fragment.type === "event") expect(names).to.include(fragment.name);
          if (fragment.type === "error") expect(signatures).to.include(signatureOf(fragment));
        }
      });
    }

    it("names nothing with arguments that does not exist", async () => {
      const known = (await Promise.all(CONTRACTS.map(fragmentsOf))).flat().map(signatureOf);
      for (const signature of signatures) expect([...known, ...OTHERS]).to.include(signature);
    });
  });
}
