/** The part of ffjavascript that is used. Points and field elements are little-endian in Montgomery form. */
declare module "ffjavascript" {
  interface WasmCurve {
    readonly g: Uint8Array;
    readonly gAffine: Uint8Array;
    readonly oneAffine: Uint8Array;
  }
  interface Curve {
    readonly G1: WasmCurve;
    readonly G2: WasmCurve;
    /** `code`, the module's bytes, is kept by single-threaded curves only. */
    readonly tm: { readonly code: Uint8Array<ArrayBuffer> };
    terminate(): Promise<void>;
  }
  export function buildBn128(singleThread?: boolean): Promise<Curve>;
}
