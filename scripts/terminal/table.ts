/** Aligns rows in columns, indented by two; columns whose cells are all numeric are set to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = rows[0].map((_, column) => rows.map((row) => row[column]));
  const widths = columns.map((cells) => Math.max(...cells.map((cell) => cell.length)));
  const numeric = columns.map((cells) => cells.slice(1).every((cell) => /^[-+\d.,]*( [a-zA-Z%]+)?$/.test(cell)));
  const pad = (cell: string, column: number) =>
    numeric[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column]);
  return rows.map((row) => `  ${row.map(pad).join("  ").trimEnd()}`).join("\n");
}

/** Thousands separated by commas. */
export const formatInteger = (value: number | bigint): string => value.toLocaleString("en-US");
