/** The part of circom_runtime that is used. */
declare module "circom_runtime" {
  interface WitnessCalculator {
    readonly witnessSize: number;
    /** The witness as a .wtns file. Values may be nested arrays; they are taken modulo r. */
    calculateWTNSBin(inputs: object, sanityCheck: boolean): Promise<Uint8Array>;
  }
  /** Takes circom's wasm, instantiated. */
  export function WitnessCalculatorBuilder(instance: WebAssembly.Instance): Promise<WitnessCalculator>;
}
