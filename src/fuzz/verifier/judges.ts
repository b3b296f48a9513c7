import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ContractFactory, type Interface } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { Hex } from "../../codec/statement.ts";
import { InputError } from "../../errors.ts";
import { toG1, toG2 } from "../../groth16/points.ts";
import { type Proof, parseProof, parseSignals } from "../../groth16/proof.ts";
import { type Verifier, createVerifier } from "../../groth16/verify.ts";
import { toContractKey } from "../../groth16/verifyingKey.ts";
import { readClaim } from "../../model/claimFile.ts";
import { signalsOf } from "../../model/infer.ts";
import type { Case } from "./caseClass.ts";
import { type Forms, formsOf } from "./forms.ts";
import type { FuzzKey } from "./keys.ts";
import { ACCEPTED, NO_DATA, REFUSED, type Verdicts } from "./verdicts.ts";
import type { VerifierCode } from "./verifierCode.ts";

/** What was given, what each judge said, and whether it holds three points that a proof may have. */
export interface Judged {
  readonly forms: Forms;
  readonly verdicts: Verdicts;
  readonly sound: boolean;
}

/** A contract that is asked by `eth_call`. */
interface Deployed {
  readonly address: string;
  readonly abi: Interface;
}

/**
 * Deploys a registry with every key, and each key's verifier, on a development chain, and returns how a case is judged.
 * Claims are read from a file in `folder`, one at a time.
 */
export async function createJudges(
  connection: NetworkConnection,
  keys: readonly FuzzKey[],
  codes: readonly VerifierCode[],
  folder: string,
): Promise<(made: Case) => Promise<Judged>> {
  const registry = await deployRegistry(connection, keys);
  const verifiers = new Map<Hex, Deployed>();
  for (const [index, code] of codes.entries()) verifiers.set(keys[index].keyId, await deployCode(connection, code));
  const byNumbers = new Map(keys.map(({ keyId, vkey }) => [keyId, createVerifier(vkey)]));
  return async ({ facts, change = () => ({}) }) => {
    const { key, statement } = facts;
    const verifier = verifiers.get(key.keyId)!;
    const given = formsOf(facts, { verifier: verifier.abi, registry: registry.abi });
    const forms = { ...given, ...change(given) };
    const { numbers, proofFiles } = forms;
    const verify = createVerify(byNumbers);
    // A claim is read for the model that it names, else for the one at hand, which it then does not fit.
    const claimed = keys.find(({ keyId }) => keyId === statement.keyId) ?? key;
    const verdicts = {
      verifier: await callVerdict(connection, verifier, forms.verifier),
      registry: await callVerdict(connection, registry, forms.registry),
      numbers: await verdictOf(() => verify(key, numbers.signals, numbers.proof as unknown as Proof)),
      proofFiles: await verdictOf(() => {
        const signals = parseSignals(parseJson(proofFiles.signals));
        return verify(key, signals, parseProof(parseJson(proofFiles.proof)));
      }),
      claimFile: await verdictOf(() => verifyClaim(claimed, forms.claimFile, join(folder, "claim.json"), verify)),
    };
    return { forms, verdicts, sound: isSound(numbers.proof) };
  };
}

async function deployRegistry({ ethers }: NetworkConnection, keys: readonly FuzzKey[]): Promise<Deployed> {
  const registry = await ethers.deployContract("ModelRegistry");
  for (const { vkey, wordCount } of keys) await registry.publishKey(toContractKey(vkey), wordCount);
  return { address: await registry.getAddress(), abi: registry.interface };
}

async function deployCode({ ethers }: NetworkConnection, { abi, bytecode }: VerifierCode): Promise<Deployed> {
  const [deployer] = await ethers.getSigners();
  const contract = await new ContractFactory(abi, bytecode, deployer).deploy();
  return { address: await contract.getAddress(), abi: contract.interface };
}

/** What a contract's view says: `accepted`, or what it reverts with. */
async function callVerdict({ provider }: NetworkConnection, { address, abi }: Deployed, data: Hex): Promise<string> {
  try {
    await provider.request({ method: "eth_call", params: [{ to: address, data }, "latest"] });
    return ACCEPTED;
  } catch (error) {
    const { code, data: reason } = error as { code?: number; data?: unknown };
    if (code !== REVERTED || typeof reason !== "string") throw error;
    return reason === "0x" ? NO_DATA : (abi.parseError(reason)?.name ?? reason);
  }
}

/** JSON-RPC's code of a call that reverted. */
const REVERTED = 3;

/** What JavaScript says; anything thrown but an InputError is a verdict of its own, which no case wants. */
async function verdictOf(verify: () => boolean | Promise<boolean>): Promise<string> {
  try {
    return (await verify()) ? ACCEPTED : REFUSED;
  } catch (error) {
    return error instanceof InputError ? REFUSED : `threw ${String(error)}`;
  }
}

type Verify = (key: FuzzKey, signals: readonly bigint[], proof: Proof) => boolean;

/** `verifyProof` of several keys that is asked once where judges of a case end up with the same numbers. */
function createVerify(verifiers: ReadonlyMap<Hex, Verifier>): Verify {
  const known = new Map<string, boolean>();
  return (key, signals, proof) => {
    const question = [key.keyId, ...signals, "", ...proof].join();
    const answer = known.get(question) ?? verifiers.get(key.keyId)!(signals, proof);
    known.set(question, answer);
    return answer;
  };
}

/** As the command `verify` does, up to where it asks a chain. */
async function verifyClaim(key: FuzzKey, text: string, path: string, verify: Verify): Promise<boolean> {
  await writeFile(path, text);
  const claim = await readClaim(path, key);
  return verify(key, signalsOf(claim, key.keyId, claim.subject), claim.proof);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InputError("not JSON", { cause: error });
  }
}

/** Whether all points are on their curves, in their groups and none at infinity; the costly group of B last. */
export const isSound = (proof: readonly bigint[]): boolean =>
  isPoint(toG1(proof.slice(0, 2))) && isPoint(toG1(proof.slice(6, 8))) && isPoint(toG2(proof.slice(2, 6)));

const isPoint = (point: object | string): boolean => typeof point !== "string";
