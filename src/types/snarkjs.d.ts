/** The part of snarkjs that is used. */
declare module "snarkjs" {
  /** A path, or a file in memory. */
  type File = string | { type: "mem"; data?: Uint8Array };

  interface Logger {
    error(message: string): void;
    warn(message: string): void;
    info(message: string): void;
    debug(message: string): void;
  }

  interface ProofJson {
    pi_a: string[];
    pi_b: string[][];
    pi_c: string[];
    protocol: "groth16";
    curve: "bn128";
  }

  export const groth16: {
    prove(zkey: File, witness: File): Promise<{ proof: ProofJson; publicSignals: string[] }>;
    verify(vkey: object, signals: readonly string[], proof: object): Promise<boolean>;
  };
  export const powersOfTau: {
    preparePhase2(from: File, to: File): Promise<void>;
  };
  export const zKey: {
    /** Resolves to -1 where the circuit does not fit. */
    newZKey(r1cs: File, ptau: File, zkey: File, logger?: Logger): Promise<Uint8Array | -1>;
    verifyFromInit(initial: File, ptau: File, zkey: File, logger?: Logger): Promise<boolean>;
    verifyFromR1cs(r1cs: File, ptau: File, zkey: File): Promise<boolean>;
    contribute(from: File, to: File, name: string, entropy: string): Promise<Uint8Array>;
    beacon(from: File, to: File, name: string, beacon: string, iterationsExponent: number): Promise<Uint8Array>;
    exportVerificationKey(zkey: File): Promise<object>;
  };
}
