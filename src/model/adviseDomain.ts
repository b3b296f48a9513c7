import type { IntegerGraph } from "../ir/integerGraph.ts";
import type { WidthOptions } from "../passes/quantise.ts";
import { emitModel } from "./compileModel.ts";

/** A change of widths and what the circuit would then be. */
export interface DomainAdvice {
  readonly widths: WidthOptions;
  readonly total: number;
  readonly domainPower: number;
}

/** Narrowest widths that are worth a proposal. */
const LEAST_BITS = 4;

/**
 * The smallest change of one width, else of all, that would bring a circuit into the next smaller domain; undefined
 * where none does. Nothing is said of accuracy: the report measures it.
 */
export function adviseDomain(
  current: Required<Pick<WidthOptions, "weightBits" | "activationBits" | "inputBits">>,
  domainPower: number,
  quantise: (widths: WidthOptions) => IntegerGraph,
): DomainAdvice | undefined {
  for (const widths of proposals(current)) {
    const { cost } = emitModel(quantise(widths)).emitted;
    if (cost.domainPower < domainPower) return { widths, total: cost.total, domainPower: cost.domainPower };
  }
  return undefined;
}

/** Changes from the smallest on: one bit less here or there, then everywhere, then two bits… */
function proposals({ weightBits = 8, activationBits = 8, inputBits = 8 }: WidthOptions): WidthOptions[] {
  const widest = Math.max(weightBits, activationBits, inputBits);
  return Array.from({ length: Math.max(0, widest - LEAST_BITS) }, (_, index) => index + 1).flatMap((less) => {
    const lower = (bits: number) => Math.max(Math.min(bits, LEAST_BITS), bits - less);
    const all = { weightBits, activationBits, inputBits };
    return [
      { ...all, weightBits: lower(weightBits) },
      { ...all, activationBits: lower(activationBits) },
      { ...all, inputBits: lower(inputBits) },
      { weightBits: lower(weightBits), activationBits: lower(activationBits), inputBits: lower(inputBits) },
    ];
  });
}
