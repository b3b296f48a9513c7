declare module "circomlibjs" {
  interface Poseidon {
    (inputs: readonly bigint[]): Uint8Array;
    readonly F: { toString(element: Uint8Array): string };
  }
  export function buildPoseidon(): Promise<Poseidon>;
}
