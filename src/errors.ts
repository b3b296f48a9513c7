/** What the user gave is wrong. The message is one line: what is wrong, where, what would be right. Exit code 2. */
export class InputError extends Error {
  override readonly name = "InputError";
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
    throw error instanceof InputError ? new InputError(`${path}: ${error.message}`, { cause: error }) : error;
  }
}
