/** What the user gave is wrong. The message is one line: what is wrong, where, what would be right. Exit code 2. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** Runs `work` and puts the name of the file that it reads before the message of an InputError. */
export function inFile<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${path}: ${error.message}`, { cause: error }) : error;
  }
}
