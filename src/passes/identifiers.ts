/** Words of the Circom language and signals of the statement, which a value of a program must not be called. */
const RESERVED = new Set(
  (
    "assert bus component constraint custom do else extern_c for function if include input log main output parallel " +
    "pragma public return signal tagged template var while " +
    "salt words context inputCommitment outputCommitment"
  ).split(" "),
);

const MAX_LENGTH = 48;

/**
 * Makes names for a program: every result is an identifier that starts with a letter, is not reserved and was not given
 * out before. ONNX names are arbitrary text and never reach a program as they are.
 */
export function identifierMaker(): (text: string) => string {
  const taken = new Set(RESERVED);
  const suffixes = new Map<string, number>();
  return (text) => {
    const plain = text
      .replace(/[^A-Za-z0-9]+/g, "_")
      .slice(0, MAX_LENGTH)
      .replace(/^_+|_+$/g, "");
    const base = /^[A-Za-z]/.test(plain) ? plain : `v${plain === "" ? "" : `_${plain}`}`;
    let suffix = suffixes.get(base) ?? 2;
    let name = base;
    for (; taken.has(name); suffix++) name = `${base}_${suffix}`;
    suffixes.set(base, suffix);
    taken.add(name);
    return name;
  };
}
