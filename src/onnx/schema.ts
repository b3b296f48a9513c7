import protobuf from "protobufjs/light.js";

/** A 64-bit integer as protobufjs gives it: a number, or an object of two halves where the `long` package is there. */
export type Int64 = number | { toNumber(): number };

// Decoded messages: a number, string or byte array that the file leaves out is 0 or empty, a message is null.

export interface DimensionProto {
  readonly dimValue: Int64;
  readonly dimParam: string;
}

export interface TensorTypeProto {
  readonly elemType: number;
  readonly shape: { readonly dim: readonly DimensionProto[] } | null;
}

export interface ValueInfoProto {
  readonly name: string;
  readonly type: { readonly tensorType: TensorTypeProto | null } | null;
}

export interface TensorProto {
  readonly dims: readonly Int64[];
  readonly dataType: number;
  readonly floatData: readonly number[];
  readonly int32Data: readonly number[];
  readonly stringData: readonly Uint8Array[];
  readonly int64Data: readonly Int64[];
  readonly name: string;
  readonly rawData: Uint8Array;
  readonly doubleData: readonly number[];
  readonly uint64Data: readonly Int64[];
  readonly externalData: readonly unknown[];
  readonly dataLocation: number;
}

export interface AttributeProto {
  readonly name: string;
  readonly f: number;
  readonly i: Int64;
  readonly s: Uint8Array;
  readonly t: TensorProto | null;
  readonly floats: readonly number[];
  readonly ints: readonly Int64[];
  readonly strings: readonly Uint8Array[];
  readonly type: number;
}

export interface NodeProto {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string;
  readonly opType: string;
  readonly attribute: readonly AttributeProto[];
  readonly domain: string;
}

export interface GraphProto {
  readonly node: readonly NodeProto[];
  readonly name: string;
  readonly initializer: readonly TensorProto[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
  readonly sparseInitializer: readonly unknown[];
}

export interface ModelProto {
  readonly irVersion: Int64;
  readonly graph: GraphProto | null;
  readonly opsetImport: readonly { readonly domain: string; readonly version: Int64 }[];
  readonly functions: readonly unknown[];
  /** Fields that no version of the format has, as protobufjs keeps them. */
  readonly $unknowns?: readonly Uint8Array[];
}

const one = (type: string, id: number) => ({ type, id });
const many = (type: string, id: number) => ({ type, id, rule: "repeated" });
const packed = (type: string, id: number) => ({ type, id, rule: "repeated", options: { packed: true } });

/**
 * The messages of onnx.proto (ONNX 1.20) as far as the reader needs them: field numbers are those of the format, and
 * fields left out are skipped. All top-level fields are listed, so that bytes appended to a file are noticed.
 */
const MESSAGES = {
  ModelProto: {
    fields: {
      irVersion: one("int64", 1),
      producerName: one("string", 2),
      producerVersion: one("string", 3),
      domain: one("string", 4),
      modelVersion: one("int64", 5),
      docString: one("string", 6),
      graph: one("GraphProto", 7),
      opsetImport: many("OperatorSetIdProto", 8),
      metadataProps: many("bytes", 14),
      trainingInfo: many("bytes", 20),
      functions: many("bytes", 25),
      configuration: many("bytes", 26),
    },
  },
  OperatorSetIdProto: { fields: { domain: one("string", 1), version: one("int64", 2) } },
  GraphProto: {
    fields: {
      node: many("NodeProto", 1),
      name: one("string", 2),
      initializer: many("TensorProto", 5),
      input: many("ValueInfoProto", 11),
      output: many("ValueInfoProto", 12),
      sparseInitializer: many("bytes", 15),
    },
  },
  NodeProto: {
    fields: {
      input: many("string", 1),
      output: many("string", 2),
      name: one("string", 3),
      opType: one("string", 4),
      attribute: many("AttributeProto", 5),
      domain: one("string", 7),
    },
  },
  AttributeProto: {
    fields: {
      name: one("string", 1),
      f: one("float", 2),
      i: one("int64", 3),
      s: one("bytes", 4),
      t: one("TensorProto", 5),
      floats: many("float", 7),
      ints: many("int64", 8),
      strings: many("bytes", 9),
      type: one("int32", 20),
    },
  },
  TensorProto: {
    fields: {
      dims: many("int64", 1),
      dataType: one("int32", 2),
      floatData: packed("float", 4),
      int32Data: packed("int32", 5),
      stringData: many("bytes", 6),
      int64Data: packed("int64", 7),
      name: one("string", 8),
      rawData: one("bytes", 9),
      doubleData: packed("double", 10),
      uint64Data: packed("uint64", 11),
      externalData: many("bytes", 13),
      dataLocation: one("int32", 14),
    },
  },
  ValueInfoProto: { fields: { name: one("string", 1), type: one("TypeProto", 2) } },
  TypeProto: { fields: { tensorType: one("TensorTypeProto", 1) } },
  TensorTypeProto: { fields: { elemType: one("int32", 1), shape: one("TensorShapeProto", 2) } },
  TensorShapeProto: { fields: { dim: many("DimensionProto", 1) } },
  DimensionProto: { fields: { dimValue: one("int64", 1), dimParam: one("string", 2) } },
};

/** The message type of an ONNX file, for decoding and encoding. */
export const modelType = protobuf.Root.fromJSON({ nested: MESSAGES }).lookupType("ModelProto");

/** Decodes a model. Throws what protobufjs throws on bytes that are not protobuf. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  const reader = protobuf.Reader.create(bytes);
  reader.discardUnknown = false;
  return modelType.decode(reader) as unknown as ModelProto;
}
