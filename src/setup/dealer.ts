import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { bn254 } from "@noble/curves/bn254.js";
import { cached } from "../cache.ts";
import type { R1cs } from "../circom/readR1cs.ts";
import { readR1cs } from "../circom/readR1cs.ts";
import { mod } from "../field.ts";
import { verifyingKeyText } from "../groth16/verifyingKey.ts";
import { exportVerifyingKey } from "../groth16/exportVerifyingKey.ts";
import { dealerScalar, dealerSharedSecrets } from "./dealerSecrets.ts";
import { createFixedBase } from "./fixedBase.ts";
import type { SetupSecrets } from "./keyScalars.ts";
import { keyScalars } from "./keyScalars.ts";
import type { ZkeySections } from "../groth16/zkeyFile.ts";
import { SECTION, coefficientsSection, headerSection, scalarBytes, words32, writeZkey } from "../groth16/zkeyFile.ts";

/** Bumped when the same r1cs would give another file. */
const FORMAT = "dealer zkey 1";

export interface DealerSetup {
  readonly dir: string;
  readonly zkeyPath: string;
  readonly vkeyPath: string;
  readonly cached: boolean;
}

/**
 * Makes a circuit's Groth16 key from the public seed of ADR-0001, in seconds, without a powers-of-tau file.
 * Everyone knows its secrets and can forge under it: for chain 31337 and tests only.
 */
export async function dealerSetup(options: { r1csPath: string; cacheRoot: string }): Promise<DealerSetup> {
  const r1cs = await readR1cs(options.r1csPath);
  const entry = await cached(resolve(options.cacheRoot), [FORMAT, r1cs.bytes], async (dir) => {
    const sections = await provingKey(r1cs, dealerSecrets(r1cs.bytes));
    await writeZkey(join(dir, "circuit.zkey"), sections);
    await writeFile(join(dir, "vkey.json"), verifyingKeyText(exportVerifyingKey(sections)));
  });
  return { ...entry, zkeyPath: join(entry.dir, "circuit.zkey"), vkeyPath: join(entry.dir, "vkey.json") };
}

/**
 * The sections of the proving key with the given secrets: byte for byte what `snarkjs zkey new` and contributions that
 * multiply to δ give, except for the contributions, of which this key has none.
 */
export async function provingKey(r1cs: R1cs, secrets: SetupSecrets): Promise<ZkeySections> {
  const { a, b, k, h } = keyScalars(r1cs, secrets);
  const { alpha, beta, delta } = secrets;
  const inverseDelta = bn254.fields.Fr.inv(delta);
  const divide = (scalars: readonly bigint[]) => scalars.map((scalar) => mod(scalar * inverseDelta));
  const base = await createFixedBase();
  const g1 = (scalars: readonly bigint[]) => base.g1(Buffer.concat(scalars.map(scalarBytes)));
  const g2 = (scalars: readonly bigint[]) => base.g2(Buffer.concat(scalars.map(scalarBytes)));
  const privateWires = r1cs.publicSignals + 1;
  const points = [await g1([alpha, beta]), await g2([beta, 1n]), await g1([delta]), await g2([delta])];
  return new Map([
    [SECTION.protocol, words32(1)],
    [SECTION.header, headerSection(r1cs, points)],
    [SECTION.ic, await g1(k.slice(0, privateWires))],
    [SECTION.coefficients, coefficientsSection(r1cs)],
    [SECTION.a, await g1(a)],
    [SECTION.b1, await g1(b)],
    [SECTION.b2, await g2(b)],
    [SECTION.c, await g1(divide(k.slice(privateWires)))],
    [SECTION.h, await g1(divide(h))],
    [SECTION.contributions, new Uint8Array(64 + 4)],
  ]);
}

/** The dealer's secrets for the circuit with these r1cs bytes (ADR-0001, "Dealer"). */
export function dealerSecrets(r1csBytes: Uint8Array): SetupSecrets {
  const delta = dealerScalar("delta", createHash("sha256").update(r1csBytes).digest());
  return { ...dealerSharedSecrets(), delta };
}
