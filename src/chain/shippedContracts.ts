import { readFile } from "node:fs/promises";
import { ContractFactory, type BaseContract, type InterfaceAbi, type Signer } from "ethers";
import { projectPath } from "../paths.ts";
import type { ContractDeployer } from "./deploy.ts";

interface Artifact {
  readonly abi: InterfaceAbi;
  readonly bytecode: string;
}

/** Deploys the contracts of the top of `contracts/` from the artefacts that the project has built or brings. */
export const shippedContracts: ContractDeployer = {
  deployContract: async (name: string, args: unknown[], signer: Signer): Promise<BaseContract> => {
    const path = projectPath(`build/hardhat/artifacts/contracts/${name}.sol/${name}.json`);
    const { abi, bytecode } = JSON.parse(await readFile(path, "utf8")) as Artifact;
    return new ContractFactory(abi, bytecode, signer).deploy(...args);
  },
};
