/** A text with what stands between the marks of `name` replaced. Throws an Error where the marks are missing. */
export function withBlock(path: string, text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name}: written by npm run generate -->\n`, `<!-- end of ${name} -->`];
  const from = text.indexOf(start) + start.length;
  const to = text.indexOf(end, from);
  if (from < start.length || to < from) throw new Error(`${path}: the marks of ${name} are missing`);
  return `${text.slice(0, from)}\n${content}\n\n${text.slice(to)}`;
}
