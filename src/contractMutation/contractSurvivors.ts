/** A mutant that no test kills, and why it is harmless. */
interface ContractSurvivor {
  readonly file: string;
  readonly before: string;
  readonly after: string;
  readonly reason: string;
}

export const CONTRACT_SURVIVORS: readonly ContractSurvivor[] = [];
