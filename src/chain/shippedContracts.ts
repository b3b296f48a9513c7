import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { BaseContract, ContractFactory, type ContractRunner, type InterfaceAbi, type Signer } from "ethers";
import { projectPath } from "../paths.ts";
import type { ContractDeployer } from "./deploy.ts";

interface Artifact {
  readonly abi: InterfaceAbi;
  readonly bytecode: string;
}

/** Deploys contracts, named as below `contracts/` (`ModelRegistry`, `mocks/TestToken`), from the artefacts that the project has built or brings. */
export const shippedContracts: ContractDeployer = {
  deployContract: async (name: string, args: unknown[], signer: Signer): Promise<BaseContract> => {
    const { abi, bytecode } = await readArtifact(name);
    return new ContractFactory(abi, bytecode, signer).deploy(...args);
  },
};

/** A contract at its address, named as below `contracts/`. */
export async function contractAt<Type extends BaseContract>(
  name: string,
  address: string,
  runner: ContractRunner,
): Promise<Type> {
  return BaseContract.from<Type>(address, (await readArtifact(name)).abi, runner) as unknown as Type;
}

async function readArtifact(name: string): Promise<Artifact> {
  const path = projectPath(`build/hardhat/artifacts/contracts/${name}.sol/${basename(name)}.json`);
  return JSON.parse(await readFile(path, "utf8")) as Artifact;
}
