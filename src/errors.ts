/** Longest message, in characters: the names and lists in it come from files. */
const MAX_MESSAGE = 4000;

/**
 * What the user gave is wrong. The message is one line: what is wrong, where, what would be right. Exit code 2. Line breaks
 * and control characters, which only come from files, become spaces, so that any message is fit for a terminal.
 */
export class InputError extends Error {
  override readonly name = "InputError";

  constructor(message: string, options?: ErrorOptions) {
    super(oneLine(message), options);
  }
}

/** Line breaks, control characters and those that turn the direction of text. */
export const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu;

/** A text from a file as one line that is safe to print. */
export function oneLine(text: string): string {
  const line = text.slice(0, MAX_MESSAGE + 1).replace(CONTROL, " ");
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE)}…` : line;
}

/** Runs `work` on a file or folder that the user named; what the system says of it becomes an InputError. */
export async function onFile<Result>(
  path: string,
  verb: "read" | "written",
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new InputError(`${path}: cannot be ${verb} (${code})`, { cause: error });
  }
}

/** Runs `work` and puts the name of the file that it reads before the message of an InputError. */
export function inFile<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw namingFile(path, error);
  }
}

/** An InputError with the name of the file that it is about before its message; anything else as it is. */
export const namingFile = (path: string, error: unknown): unknown =>
  error instanceof InputError ? new InputError(`${path}: ${error.message}`, { cause: error }) : error;
