import { type Contract, ContractFactory, keccak256 } from "ethers";
import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import type { ModelRegistry } from "../../build/hardhat/types/index.ts";
import { describeRevert } from "../chain/revert.ts";
import { verifyCall } from "../chain/verifyClaim.ts";
import { toCalldata } from "../groth16/proof.ts";
import type { Claim } from "../model/claim.ts";
import { signalsOf } from "../model/infer.ts";
import type { KeyedModel } from "../model/setupModel.ts";
import type { CompiledContract } from "./compileContracts.ts";

/** What every verifier is to say of a proof, and what those without a reason say else. */
export const VALID = "valid";
export const INVALID = "not valid";

/** Deploys freshly compiled code on a development chain. */
export async function deployCompiled({ getSigners }: HardhatEthers, compiled: CompiledContract): Promise<Contract> {
  const [deployer] = await getSigners();
  const contract = await new ContractFactory(compiled.abi, compiled.creationCode, deployer).deploy();
  return (await contract.waitForDeployment()) as Contract;
}

/** What was found of a contract after its deployment from freshly compiled code. */
export interface Deployed {
  /** keccak-256 of its code. */
  readonly codeHash: string;
  /** `valid`, or the error with which it refuses the proof. */
  readonly said: string;
}

/** Publishes the model's key at a fresh registry and has it verify the claim. */
export async function verifyInRegistry(
  ethers: HardhatEthers,
  compiled: CompiledContract,
  model: KeyedModel,
  claim: Claim,
): Promise<Deployed> {
  const registry = (await deployCompiled(ethers, compiled)) as unknown as ModelRegistry;
  const said = await saidOf(registry, async () => {
    await (await registry.publishKey(model.key, model.wordCount)).wait();
    await registry.verify(...verifyCall(model.keyId, claim));
  });
  return { codeHash: keccak256((await registry.getDeployedCode())!), said };
}

/** Has a freshly deployed stand-alone verifier look at the claim. */
export async function verifyStandAlone(
  ethers: HardhatEthers,
  compiled: CompiledContract,
  { keyId }: KeyedModel,
  claim: Claim,
): Promise<Deployed> {
  const verifier = await deployCompiled(ethers, compiled);
  const signals = signalsOf(claim, keyId, claim.subject);
  const said = await saidOf(verifier, () => verifier.verify(signals, toCalldata(claim.proof)) as Promise<unknown>);
  return { codeHash: keccak256((await verifier.getDeployedCode())!), said };
}

/** `valid` where the call returns, the name of the contract's error where it reverts. */
export async function saidOf(
  contract: { readonly interface: Contract["interface"] },
  call: () => Promise<unknown>,
): Promise<string> {
  try {
    await call();
    return VALID;
  } catch (error) {
    const { data } = error as { data?: unknown };
    if (typeof data !== "string") throw error;
    return describeRevert(data, [contract.interface]);
  }
}
