import { performance } from "node:perf_hooks";
import { buildBn128 } from "ffjavascript";
import { groth16 } from "snarkjs";
import type { R1cs } from "../circom/readR1cs.ts";
import { readR1cs } from "../circom/readR1cs.ts";
import { InputError } from "../errors.ts";
import { exportVerifyingKey } from "./exportVerifyingKey.ts";
import type { ZkeyHeader, ZkeySections } from "./zkeyFile.ts";
import { SECTION, coefficientsSection, readZkey } from "./zkeyFile.ts";
import type { Proof } from "./proof.ts";
import { parseProof, parseSignals } from "./proof.ts";
import { verifyProof } from "./verify.ts";
import type { Vkey } from "./verifyingKey.ts";
import type { Inputs, WitnessCalculator } from "./witness.ts";
import { createWitnessCalculator } from "./witness.ts";

/** A verified proof. Seconds are wall time; `prove` includes the verification, `witness` is 0 where one was given. */
export interface ProverResult {
  readonly proof: Proof;
  readonly signals: readonly bigint[];
  readonly seconds: { readonly witness: number; readonly prove: number };
}

/** A circuit's prover with everything warm: key in memory, witness program instantiated, curve workers running. */
export interface Prover {
  readonly vkey: Vkey;
  readonly witness: WitnessCalculator;
  /** Proves from inputs or from a witness (.wtns). Throws rather than return a proof that does not verify. */
  readonly prove: (inputs: Inputs | Uint8Array) => Promise<ProverResult>;
  /** Stops the curve workers unless another prover uses them; without it the process does not end. */
  readonly close: () => Promise<void>;
}

export interface ProverOptions {
  readonly zkeyPath: string;
  readonly wasmPath: string;
  readonly symPath: string;
  readonly r1csPath: string;
}

/** snarkjs keeps one set of workers a process, so the last prover to close ends them. */
let openProvers = 0;

/** Opens a prover. Throws InputError where the files do not belong to one circuit. */
export async function createProver(options: ProverOptions): Promise<Prover> {
  const r1cs = await readR1cs(options.r1csPath);
  const { bytes, sections, header } = await readZkey(options.zkeyPath);
  checkKeyOf(r1cs, header, sections, options);
  const witness = await createWitnessCalculator({ ...options, r1cs });
  const vkey = exportVerifyingKey(sections);
  const curve = await buildBn128();
  openProvers++;
  let open = true;

  return {
    vkey,
    witness,
    prove: async (inputs) => {
      const given = inputs instanceof Uint8Array;
      const start = performance.now();
      const wtns = given ? inputs : await witness(inputs);
      const middle = performance.now();
      const result = await proveAndVerify(bytes, wtns, vkey);
      const prove = (performance.now() - middle) / 1000;
      return { ...result, seconds: { witness: given ? 0 : (middle - start) / 1000, prove } };
    },
    close: async () => {
      if (!open) return;
      open = false;
      openProvers--;
      if (openProvers === 0) await curve.terminate();
    },
  };
}

async function proveAndVerify(zkey: Uint8Array, wtns: Uint8Array, vkey: Vkey): Promise<Omit<ProverResult, "seconds">> {
  const result = await groth16.prove({ type: "mem", data: zkey }, { type: "mem", data: wtns });
  const proof = parseProof(result.proof);
  const signals = parseSignals(result.publicSignals);
  if (!verifyProof(vkey, signals, proof)) throw new Error("the proof does not verify: the witness breaks a constraint");
  return { proof, signals };
}

/** The key's coefficients are the circuit's matrices A and B: equal bytes leave only C, which every proof tests. */
function checkKeyOf(r1cs: R1cs, header: ZkeyHeader, sections: ZkeySections, paths: ProverOptions): void {
  const wanted = [r1cs.wires, r1cs.publicSignals, 2 ** r1cs.domainPower];
  const got = [header.wires, header.publicSignals, header.domainSize];
  const names = ["wires", "public signals", "rows in its domain"];
  const mismatch = names.findIndex((_, index) => wanted[index] !== got[index]);
  if (mismatch !== -1)
    throw new InputError(
      `${paths.zkeyPath}: a key of another circuit: ${got[mismatch]} ${names[mismatch]}, ${paths.r1csPath} has ${wanted[mismatch]}`,
    );
  if (Buffer.compare(sections.get(SECTION.coefficients)!, coefficientsSection(r1cs)) !== 0)
    throw new InputError(`${paths.zkeyPath}: a key of another circuit: its coefficients are not ${paths.r1csPath}'s`);
}
