import { type FileHandle, open } from "node:fs/promises";
import { InputError, onFile } from "../../errors.ts";

/** Bytes before the first section: magic, version, number of sections. */
const PREAMBLE_BYTES = 12;
/** Bytes before a section's content: its number and its length. */
const SECTION_HEADER_BYTES = 12;

/** What a kind of file must look like; sizes are checked by who knows the counts. */
export interface SectionFormat {
  /** Four letters that the file starts with, which are also what messages call it. */
  readonly magic: string;
  /** Names by section number: each must be there once, and nothing else. */
  readonly sections: ReadonlyMap<number, string>;
}

/** A file of numbered sections, as circom's and snarkjs's tools write them. */
export interface SectionFile {
  readonly path: string;
  /** Length of a section in bytes. */
  readonly sizeOf: (section: number) => number;
  /** Bytes of a section, or from its start on beyond its end; without `length` all from `offset` on. */
  readonly read: (section: number, offset?: number, length?: number) => Promise<Buffer>;
  readonly close: () => Promise<void>;
}

interface Place {
  readonly start: number;
  readonly size: number;
}

/**
 * Opens a file whose sections are exactly those of the format. Throws InputError for one that is truncated, has a
 * section twice or one too many, or bytes after its last section: tools differ in which of them they would read.
 */
export async function openSectionFile(path: string, format: SectionFormat): Promise<SectionFile> {
  const file = await onFile(path, "read", () => open(path, "r"));
  try {
    const places = await findSections(file, path, format);
    return {
      path,
      sizeOf: (section) => places.get(section)!.size,
      read: (section, offset = 0, length = places.get(section)!.size - offset) =>
        readExactly(file, path, places.get(section)!.start + offset, length),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function findSections(file: FileHandle, path: string, format: SectionFormat): Promise<Map<number, Place>> {
  const { size } = await onFile(path, "read", () => file.stat());
  const preamble = await readExactly(file, path, 0, Math.min(size, PREAMBLE_BYTES));
  if (preamble.toString("latin1", 0, 4) !== format.magic || size < PREAMBLE_BYTES || preamble.readUInt32LE(4) !== 1)
    throw new InputError(`${path}: not a .${format.magic} file of version 1, as snarkjs writes it`);
  const places = new Map<number, Place>();
  let offset = PREAMBLE_BYTES;
  for (let left = preamble.readUInt32LE(8); left > 0; left--) {
    if (offset + SECTION_HEADER_BYTES > size) throw truncated(path, format);
    const header = await readExactly(file, path, offset, SECTION_HEADER_BYTES);
    const id = header.readUInt32LE(0);
    const place = { start: offset + SECTION_HEADER_BYTES, size: Number(header.readBigUInt64LE(4)) };
    if (place.start + place.size > size) throw truncated(path, format);
    if (places.has(id)) throw new InputError(`${path}: section ${nameOf(id, format)} is there twice, want it once`);
    places.set(id, place);
    offset = place.start + place.size;
  }
  requireSections(path, format, places);
  if (offset !== size) throw new InputError(`${path}: ${size - offset} bytes after the last section, want none`);
  return places;
}

function requireSections(path: string, format: SectionFormat, places: ReadonlyMap<number, Place>): void {
  const missing = [...format.sections.keys()].find((id) => !places.has(id));
  if (missing !== undefined) throw new InputError(`${path}: no section ${nameOf(missing, format)}`);
  const extra = [...places.keys()].find((id) => !format.sections.has(id));
  if (extra !== undefined)
    throw new InputError(`${path}: unknown section ${extra}, want ${[...format.sections.values()].join(", ")} only`);
}

async function readExactly(file: FileHandle, path: string, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await onFile(path, "read", () =>
      file.read(bytes, filled, length - filled, position + filled),
    );
    if (bytesRead === 0) throw new InputError(`${path}: ends before byte ${position + length}`);
    filled += bytesRead;
  }
  return bytes;
}

const nameOf = (id: number, format: SectionFormat): string => `${id} (${format.sections.get(id) ?? "unknown"})`;

const truncated = (path: string, { magic }: SectionFormat): InputError =>
  new InputError(`${path}: truncated .${magic} file; fetch or make it again`);
