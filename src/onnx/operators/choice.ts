import { type Call, nodeError } from "./operator.ts";

/** A text attribute that must be one of `supported`; `otherwise` where it is absent. Throws InputError on another text. */
export function choiceOf<Choice extends string>(
  call: Call,
  name: string,
  otherwise: Choice,
  supported: readonly Choice[],
): Choice {
  const value = call.node.attributes.get(name) ?? otherwise;
  const choice = supported.find((candidate) => candidate === value);
  if (choice !== undefined) return choice;
  throw nodeError(
    call,
    `attribute ${name} ${JSON.stringify(value)} is not supported; supported: ${supported.join(", ")}`,
  );
}
