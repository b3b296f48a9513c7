/** What the user gave is wrong. The message is one line: what is wrong, where, what would be right. Exit code 2. */
export class InputError extends Error {
  override readonly name = "InputError";
}
