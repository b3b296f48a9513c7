import type { CodecTensor } from "../codec/codec.ts";

/** A model output in real numbers, flat and row-major. */
export interface DecodedOutput {
  readonly name: string;
  readonly values: readonly number[];
}

/** The real numbers that a program's integers stand for, one array an output tensor. */
export const decodeOutputs = (
  { outputs }: { readonly outputs: readonly Pick<CodecTensor, "name" | "scale">[] },
  integers: readonly (readonly bigint[])[],
): DecodedOutput[] =>
  outputs.map(({ name, scale }, index) => ({
    name,
    values: integers[index].map((integer) => Number(integer) * scale),
  }));
