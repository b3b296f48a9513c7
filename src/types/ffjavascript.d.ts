/** The part of ffjavascript that is used. Points and field elements are little-endian in Montgomery form. */
declare module "ffjavascript" {
  interface WasmCurve {
    readonly g: Uint8Array;
    readonly gAffine: Uint8Array;
    readonly zero: Uint8Array;
    add(a: Uint8Array, b: Uint8Array): Uint8Array;
    sub(a: Uint8Array, b: Uint8Array): Uint8Array;
    /** Σ sᵢ·Pᵢ of affine points and plain little-endian scalars of equal length, Jacobian. */
    multiExpAffine(points: Uint8Array, scalars: Uint8Array): Promise<Uint8Array>;
    timesScalar(point: Uint8Array, scalar: bigint): Uint8Array;
    toAffine(point: Uint8Array): Uint8Array;
    fromRng(rng: ChaCha): Uint8Array;
    toObject(point: Uint8Array): unknown;
  }
  interface WasmField {
    fromRng(rng: ChaCha): Uint8Array;
    toObject(element: Uint8Array): bigint;
  }
  interface Curve {
    readonly Fr: WasmField;
    readonly G1: WasmCurve;
    readonly G2: WasmCurve;
    /** `code`, the module's bytes, is kept by single-threaded curves only. */
    readonly tm: { readonly code: Uint8Array<ArrayBuffer> };
    terminate(): Promise<void>;
  }
  export class ChaCha {
    constructor(seed: readonly number[]);
  }
  export function buildBn128(singleThread?: boolean): Promise<Curve>;
}
