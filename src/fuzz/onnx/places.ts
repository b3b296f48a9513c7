import type protobuf from "protobufjs/light.js";
import { modelType } from "../../onnx/schema.ts";

/** A decoded message as protobufjs gives it. */
export type Message = Record<string, unknown>;

/** A field of a message of a file. */
export interface Place {
  readonly message: Message;
  readonly field: protobuf.Field;
}

/** Every field of a message and of the messages in it, absent fields included. */
export function placesOf(message: Message, type: protobuf.Type): Place[] {
  return type.fieldsArray.flatMap((field) => {
    const inner = field.resolvedType === null ? [] : [message[field.name]].flat();
    const below = inner.filter((item) => item !== null && item !== undefined);
    return [
      { message, field: field.resolve() },
      ...below.flatMap((item) => placesOf(item as Message, field.resolvedType as protobuf.Type)),
    ];
  });
}

/** The model of a file; undefined where it is none. */
export function modelOf(bytes: Uint8Array): Message | undefined {
  try {
    return modelType.decode(bytes) as unknown as Message;
  } catch {
    return undefined;
  }
}
