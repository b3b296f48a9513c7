/** A mutant that is neither killed nor proven equivalent, and why it is harmless. */
interface Survivor {
  readonly file: string;
  readonly before: string;
  readonly after: string;
  readonly reason: string;
}

export const SURVIVORS: readonly Survivor[] = [
  {
    file: "Divide.circom",
    before: "variable[i].numerator <== numerator[i];",
    after: "variable[i].numerator <-- numerator[i]; ((variable[i].numerator) - (numerator[i])) * denominator[0] === 0;",
    reason:
      "denominator[0] is never 0, whatever the numerator: VariableQuotient makes d − 1 a sum of two numbers that range checks bound",
  },
];
