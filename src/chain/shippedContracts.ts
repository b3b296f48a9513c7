import { readFile } from "node:fs/promises";
import { BaseContract, ContractFactory, type ContractRunner, type InterfaceAbi, type Signer } from "ethers";
import { projectPath } from "../paths.ts";
import type { ContractDeployer } from "./deploy.ts";

interface Artifact {
  readonly abi: InterfaceAbi;
  readonly bytecode: string;
}

/** Deploys the contracts of the top of `contracts/` from the artefacts that the project has built or brings. */
export const shippedContracts: ContractDeployer = {
  deployContract: async (name: string, args: unknown[], signer: Signer): Promise<BaseContract> => {
    const { abi, bytecode } = await readArtifact(name);
    return new ContractFactory(abi, bytecode, signer).deploy(...args);
  },
};

/** A contract of the top of `contracts/` at its address. */
export async function contractAt<Type extends BaseContract>(
  name: string,
  address: string,
  runner: ContractRunner,
): Promise<Type> {
  return BaseContract.from<Type>(address, (await readArtifact(name)).abi, runner) as unknown as Type;
}

const readArtifact = async (name: string): Promise<Artifact> =>
  JSON.parse(
    await readFile(projectPath(`build/hardhat/artifacts/contracts/${name}.sol/${name}.json`), "utf8"),
  ) as Artifact;
