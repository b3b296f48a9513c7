/**
 * A circom function without parameters that returns one row of integers an element; equal rows in a row are one loop.
 * There is at least one row, and all are of one length.
 */
export function planFunction(name: string, rows: readonly (readonly (number | bigint)[])[]): string {
  const texts = rows.map((row) => `[${row.join(", ")}]`);
  const loops: string[] = [];
  for (let start = 0; start < texts.length;) {
    let end = start + 1;
    while (texts[end] === texts[start]) end++;
    loops.push(`    for (var i = ${start}; i < ${end}; i++) { plan[i] = ${texts[start]}; }`);
    start = end;
  }
  return [
    `function ${name}() {`,
    `    var plan[${rows.length}][${rows[0].length}];`,
    ...loops,
    "    return plan;",
    "}",
    "",
  ].join("\n");
}
