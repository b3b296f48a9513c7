import { artifacts } from "hardhat";
import { CONTRACT_NAMES, type CompiledContracts } from "../../src/audit/compileContracts.ts";

/** The contracts as the build made them, in the form in which an audit compiles them afresh. */
export async function builtContracts(): Promise<CompiledContracts> {
  const built = CONTRACT_NAMES.map(async (name) => {
    const { abi, bytecode, deployedBytecode, immutableReferences = {} } = await artifacts.readArtifact(name as string);
    const immutables = Object.values(immutableReferences).flat();
    return [name, { abi, creationCode: bytecode, runtimeCode: deployedBytecode, immutables }];
  });
  return Object.fromEntries(await Promise.all(built)) as CompiledContracts;
}
