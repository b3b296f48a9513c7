import { readFile } from "node:fs/promises";
import { compileCircuit } from "../../circom/compile.ts";
import { type Hex, keyIdOf } from "../../codec/statement.ts";
import { parseVerifyingKey, toContractKey, type Vkey } from "../../groth16/verifyingKey.ts";
import { CIRCUIT_LIBRARIES } from "../../model/compileModel.ts";
import { projectPath } from "../../paths.ts";
import { type Trapdoor, dealerTrapdoor } from "../../setup/mint.ts";
import { timesG1, timesG2 } from "./curvePoints.ts";
import { drawOf } from "./draw.ts";

/** A key with what it takes to prove anything under it. */
export interface FuzzKey {
  /** Name of its stand-alone verifier. */
  readonly name: string;
  readonly trapdoor: Trapdoor;
  readonly vkey: Vkey;
  readonly keyId: Hex;
  readonly wordCount: number;
}

/** Word counts of the keys that the seed decides. */
const WORD_COUNTS = [2, 3, 5];

/** The committed key of digits-mlp, then keys that the seed decides. */
export const createKeys = async (seed: number): Promise<FuzzKey[]> => [
  await committedKey(),
  ...WORD_COUNTS.map((wordCount) => seededKey(seed, wordCount)),
];

/** The dealer's key whose verifier is in contracts/generated. */
async function committedKey(): Promise<FuzzKey> {
  const folder = projectPath("circuits/generated/digits-mlp");
  const mainPath = `${folder}/DigitsMlp.circom`;
  const cacheRoot = projectPath("build/cache");
  const { r1csPath } = await compileCircuit({ mainPath, libraries: CIRCUIT_LIBRARIES, cacheRoot });
  const vkey = parseVerifyingKey(JSON.parse(await readFile(`${folder}/dealer/vkey.json`, "utf8")));
  const { wordCount } = JSON.parse(await readFile(`${folder}/dealer/lock.json`, "utf8")) as { wordCount: number };
  return keyed("DigitsMlpVerifier", await dealerTrapdoor(r1csPath), vkey, wordCount);
}

function seededKey(seed: number, wordCount: number): FuzzKey {
  const draw = drawOf("key", seed, wordCount);
  const [alpha, beta, delta, ...ic] = Array.from({ length: 7 }, draw.scalar);
  const vkey = { alpha: timesG1(alpha), beta: timesG2(beta), delta: timesG2(delta), ic: ic.map(timesG1) };
  return keyed(`Seeded${wordCount}Verifier`, { alpha, beta, delta, ic }, vkey, wordCount);
}

const keyed = (name: string, trapdoor: Trapdoor, vkey: Vkey, wordCount: number): FuzzKey => {
  return { name, trapdoor, vkey, wordCount, keyId: keyIdOf(toContractKey(vkey), wordCount) };
};
