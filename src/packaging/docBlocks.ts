/** A fenced block of a Markdown page. */
export interface DocBlock {
  /** Name of the file that it is, where the fence gives one: \`\`\`ts settle.ts */
  readonly file: string | undefined;
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a page in order. */
export const docBlocks = (markdown: string): DocBlock[] =>
  [...markdown.matchAll(/^```(\w+)(?: +(\S+))?\n([\s\S]*?)^```$/gm)].map(([, language, file, text]) => ({
    file,
    language,
    text,
  }));
