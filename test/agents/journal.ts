import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Journal } from "../../src/agent/journal/journal.ts";
import { claimJournal, OWNER_SCHEMA } from "../../src/agent/journal/owner.ts";
import { InputError } from "../../src/errors.ts";

const SCHEMA = [OWNER_SCHEMA, "CREATE TABLE notes (text TEXT NOT NULL) STRICT;"];

describe("a journal", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-journal-"));
    path = join(folder, "below", "journal.sqlite");
  });
  afterEach(() => rm(folder, { recursive: true }));

  const note = (journal: Journal, text: string) =>
    journal.write((database) => database.prepare("INSERT INTO notes VALUES (?)").run(text));
  const notes = (journal: Journal) =>
    journal.read((database) =>
      database
        .prepare("SELECT text FROM notes")
        .all()
        .map(({ text }) => text),
    );

  it("keeps a write whole or not at all, also where the disk is full (A1)", () => {
    const journal = new Journal(path, SCHEMA);
    note(journal, "first");
    const failing = () =>
      journal.write((database) => {
        database.prepare("INSERT INTO notes VALUES (?)").run("second");
        throw new Error("in the middle");
      });
    expect(failing).to.throw("in the middle");
    journal.read((database) => database.exec("PRAGMA max_page_count = 1"));
    expect(() => note(journal, "x".repeat(100_000))).to.throw(/full/);
    journal.read((database) => database.exec("PRAGMA max_page_count = 1000"));
    note(journal, "third");
    journal.close();
    const again = new Journal(path, SCHEMA);
    expect(notes(again)).to.deep.equal(["first", "third"]);
    again.close();
  });

  it("grows with its schema, and is refused by a program that knows less of it", () => {
    new Journal(path, SCHEMA.slice(0, 1)).close();
    const grown = new Journal(path, SCHEMA);
    note(grown, "kept");
    grown.close();
    expect(() => new Journal(path, SCHEMA.slice(0, 1))).to.throw(InputError, /version 2, this program knows 1$/);
  });

  it("is its owner's alone, and says where it cannot be", async () => {
    new Journal(path, SCHEMA).close();
    expect((await stat(path)).mode & 0o077).to.equal(0);
    expect(() => new Journal(join(path, "journal.sqlite"), SCHEMA)).to.throw(
      InputError,
      /journal\.sqlite: E(NOTDIR|EXIST)/,
    );
  });

  it("belongs to one agent", () => {
    const journal = new Journal(path, SCHEMA);
    claimJournal(journal, path, "0xa on chain 1");
    claimJournal(journal, path, "0xa on chain 1");
    expect(() => claimJournal(journal, path, "0xb on chain 1")).to.throw(
      InputError,
      /journal\.sqlite: is the journal of 0xa on chain 1, want that of 0xb on chain 1$/,
    );
    journal.close();
  });
});
