import type { Interface } from "ethers";
import solc from "solc";
import type { Hex } from "../../codec/statement.ts";
import { renderSolidityVerifier } from "../../setup/solidityVerifier.ts";
import type { FuzzKey } from "./keys.ts";

/** A contract as it is deployed. */
export interface VerifierCode {
  readonly abi: ConstructorParameters<typeof Interface>[0];
  readonly bytecode: Hex;
}

interface CompilerOutput {
  readonly errors?: readonly { readonly formattedMessage: string }[];
  readonly contracts: Record<string, Record<string, { abi: []; evm: { bytecode: { object: string } } }>>;
}

/**
 * The stand-alone verifier of each key, in their order: the first is the committed contract, as the project compiled it,
 * the others are rendered and compiled now.
 */
export async function compileVerifiers([committed, ...rendered]: readonly FuzzKey[]): Promise<VerifierCode[]> {
  // Loaded late: it reads hardhat.config.ts from the working folder at once.
  const { default: hre } = await import("hardhat");
  const { abi, bytecode } = await hre.artifacts.readArtifact(committed.name);
  const sources = rendered.map(({ name, vkey }): [string, string] => [name, renderSolidityVerifier(name, vkey)]);
  return [{ abi, bytecode }, ...(await compileContracts(new Map(sources)))];
}

/** Compiles sources by name of their contract with the project's settings. Throws where the compiler says anything. */
export async function compileContracts(sources: ReadonlyMap<string, string>): Promise<VerifierCode[]> {
  const { default: hre } = await import("hardhat");
  const { settings } = hre.config.solidity.profiles.default.compilers[0];
  const input = {
    language: "Solidity",
    sources: Object.fromEntries([...sources].map(([name, content]) => [`${name}.sol`, { content }])),
    settings: { ...settings, outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as CompilerOutput;
  if (output.errors !== undefined) throw new Error("a contract does not compile cleanly", { cause: output.errors });
  return [...sources.keys()].map((name) => {
    const { abi, evm } = output.contracts[`${name}.sol`][name];
    return { abi, bytecode: `0x${evm.bytecode.object}` };
  });
}
