import { setImmediate } from "node:timers/promises";
import { buildBn128 } from "ffjavascript";

/** Bytes of a scalar; a window is one of them. */
const SCALAR_BYTES = 32;
/** Points between two returns to the event loop: at most a tenth of a second. */
const CHUNK = 1024;
const PAGE = 65_536;

/** Scalars below r, 32 little-endian bytes each → affine points, coordinates little-endian in Montgomery form. */
export type FixedBaseMultiplier = (scalars: Uint8Array) => Promise<Uint8Array>;

/** Multipliers of the generators of G1 (64 bytes a point) and G2 (128 bytes a point); infinity is all zeros. */
export interface FixedBase {
  readonly g1: FixedBaseMultiplier;
  readonly g2: FixedBaseMultiplier;
}

/** The exports that are used of ffjavascript's curve module: points by address, Jacobian unless named affine. */
type CurveExports = Record<string, (...addresses: number[]) => void>;

/** Instantiates ffjavascript's BN254 module in memory of our own and tabulates multiples of both generators. */
export async function createFixedBase(): Promise<FixedBase> {
  const curve = await buildBn128(true);
  const memory = new WebAssembly.Memory({ initial: 25 });
  const { instance } = await WebAssembly.instantiate(curve.tm.code, { env: { memory } });
  const exports = instance.exports as unknown as CurveExports;
  const g1 = createMultiplier(memory, exports, "g1m", curve.G1.gAffine, curve.G1.gAffine.length / 2);
  const g2 = createMultiplier(memory, exports, "g2m", curve.G2.gAffine, curve.G2.gAffine.length / 2);
  return { g1, g2 };
}

function createMultiplier(
  memory: WebAssembly.Memory,
  exports: CurveExports,
  group: "g1m" | "g2m",
  generator: Uint8Array,
  coordinateBytes: number,
): FixedBaseMultiplier {
  const affineBytes = 2 * coordinateBytes;
  const jacobianBytes = 3 * coordinateBytes;
  const table = reserve(memory, SCALAR_BYTES * 256 * affineBytes);
  const sums = reserve(memory, CHUNK * jacobianBytes);
  const add = exports[`${group}_addMixed`];
  const setZero = exports[`${group}_zero`];
  const toAffine = exports[`${group}_batchToAffine`];
  const bytes = new Uint8Array(memory.buffer);

  // table[256·w + d] = d·256^w·generator
  bytes.set(generator, sums);
  for (let window = 0; window < SCALAR_BYTES; window++) {
    const row = table + window * 256 * affineBytes;
    const base = row + affineBytes;
    bytes.copyWithin(base, sums, sums + affineBytes);
    setZero(sums);
    for (let digit = 1; digit <= 256; digit++)
      add(sums + (digit - 1) * jacobianBytes, base, sums + digit * jacobianBytes);
    toAffine(sums, 256, row);
    toAffine(sums + 256 * jacobianBytes, 1, sums);
  }

  return async (scalars) => {
    const count = scalars.length / SCALAR_BYTES;
    const points = new Uint8Array(count * affineBytes);
    for (let first = 0; first < count; first += CHUNK) {
      const size = Math.min(CHUNK, count - first);
      for (let index = 0; index < size; index++) {
        const sum = sums + index * jacobianBytes;
        setZero(sum);
        for (let window = 0; window < SCALAR_BYTES; window++) {
          const digit = scalars[(first + index) * SCALAR_BYTES + window];
          if (digit !== 0) add(sum, table + (window * 256 + digit) * affineBytes, sum);
        }
      }
      toAffine(sums, size, sums);
      points.set(new Uint8Array(memory.buffer, sums, size * affineBytes), first * affineBytes);
      await setImmediate();
    }
    return points;
  };
}

/** Takes `length` bytes off the module's free space (its pointer is the word at 0) and leaves room for its scratch. */
function reserve(memory: WebAssembly.Memory, length: number): number {
  const address = Math.ceil(new Uint32Array(memory.buffer)[0] / 8) * 8;
  const needed = address + length + CHUNK * 4 * SCALAR_BYTES * 2;
  const missing = Math.ceil((needed - memory.buffer.byteLength) / PAGE);
  if (missing > 0) memory.grow(missing);
  new Uint32Array(memory.buffer)[0] = address + length;
  return address;
}
