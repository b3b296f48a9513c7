/** An array of integers as a circom literal, wrapped at about 100 columns. */
export function arrayLiteral(values: readonly (number | bigint)[]): string {
  const lines = [""];
  for (const [index, value] of values.entries()) {
    const text = `${value}${index === values.length - 1 ? "" : ", "}`;
    if (lines[lines.length - 1].length + text.length > 100) lines.push("");
    lines[lines.length - 1] += text;
  }
  return `[${lines.map((line) => line.trimEnd()).join("\n        ")}]`;
}

/** A matrix of integers as a circom literal, one row after another. */
export const matrixLiteral = (rows: readonly (readonly (number | bigint)[])[]): string =>
  `[\n        ${rows.map(arrayLiteral).join(",\n        ")}\n    ]`;

/** A function without parameters that returns the constant `literal`. */
export const constantFunction = (name: string, literal: string): string =>
  `function ${name}() {\n    return ${literal};\n}\n`;

/** Statements that lay the elements of several arrays into one; the compiler merges the copies. */
export function gather(target: string, sources: readonly string[], lengths: readonly number[]): string[] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  let start = 0;
  const loops = sources.map((source, index) => {
    const loop = `for (var i = 0; i < ${lengths[index]}; i++) { ${target}[${start} + i] <== ${source}[i]; }`;
    start += lengths[index];
    return loop;
  });
  return [`signal ${target}[${total}];`, ...loops];
}

/**
 * Linear constraints that `signal <== Σ coefficients · signals + constant` leaves under --O1: circom merges a signal
 * with its copy or with a constant, and keeps every other form.
 */
export function affineRows(coefficients: readonly (number | bigint)[], constant: number | bigint): 0 | 1 {
  const present = coefficients.filter((coefficient) => BigInt(coefficient) !== 0n);
  if (present.length === 0) return 0;
  const isCopy = present.length === 1 && BigInt(present[0]) === 1n && BigInt(constant) === 0n;
  return isCopy ? 0 : 1;
}
