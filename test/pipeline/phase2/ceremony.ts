import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { keccak256 } from "ethers";
import { buildBn128 } from "ffjavascript";
import { zKey } from "snarkjs";
import { InputError } from "../../../src/errors.ts";
import { littleEndian, readR1cs } from "../../../src/circom/readR1cs.ts";
import { BASE_ORDER, SCALAR_ORDER, mod } from "../../../src/field.ts";
import { SECTION, scalarBytes, words32 } from "../../../src/groth16/zkeyFile.ts";
import { type KeyReport, checkKey } from "../../../src/setup/phase2/checkKey.ts";
import { checkRelations } from "../../../src/setup/phase2/checkRelations.ts";
import { readPhase2Key } from "../../../src/setup/phase2/phase2Key.ts";
import { hashedForm } from "../../../src/setup/phase2/pointBytes.ts";
import { PTAU, openPtau } from "../../../src/setup/phase2/ptau.ts";
import { createSnarkjsRandom } from "../../../src/setup/phase2/snarkjsRandom.ts";
import type { CeremonyTerms } from "../../../src/setup/phase2/terms.ts";
import {
  BEACON,
  CONTRIBUTION,
  DELTA,
  type InitialKey,
  addBeacon,
  compileSmallCircuit,
  contribute,
  makeInitialKey,
  multipleG1,
  multipleG2,
  overwritten,
  pointOfSmallOrder,
  rawG2,
  readSections,
  withContributions,
  withSection,
} from "../../fixtures/phase2Keys.ts";
import { PTAU_SECRETS, writePtau, writeSections } from "../../fixtures/ptau.ts";

const CONTRIBUTORS = ["alice", "bob", "carol"];

/** A way to spoil a ceremony and who notices. */
interface Sabotage {
  readonly what: string;
  /** Writes the spoilt key. */
  readonly spoil: (to: string) => Promise<unknown>;
  readonly terms?: (terms: CeremonyTerms) => CeremonyTerms;
  /** Checks of ours that fail. */
  readonly failed: readonly string[];
  /** Whether snarkjs refuses the key, too: it knows no policy, and what unreduced numbers give is chance. */
  readonly snarkjs: "refuses" | "accepts" | "may take";
}

/** The section with the first coordinate in its other encoding: plus q. */
function addOrder(content: Buffer): Buffer {
  const value = littleEndian(content.subarray(0, 32)) + BASE_ORDER;
  return overwritten(content, 0, scalarBytes(value));
}

describe("a phase-2 ceremony", () => {
  let folder: string;
  let initial: InitialKey;
  let terms: CeremonyTerms;
  let contributed: string;
  let finished: string;
  const path = (name: string) => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-ceremony-"));
    initial = await makeInitialKey(folder);
    contributed = await contribute(initial.zkeyPath, path("contributed.zkey"), CONTRIBUTORS);
    finished = path("finished.zkey");
    await addBeacon(contributed, finished);
    terms = {
      contributions: CONTRIBUTORS.length,
      beacon: { source: "a round announced beforehand", ...BEACON },
      ptau: {
        sha256: createHash("sha256")
          .update(await readFile(initial.ptauPath))
          .digest("hex"),
      },
      circuitHash: keccak256(await readFile(initial.r1csPath)),
    };
  });

  after(async () => {
    await (await buildBn128()).terminate();
    await rm(folder, { recursive: true });
  });

  const check = (zkeyPath: string, options: Partial<Parameters<typeof checkKey>[0]> = {}): Promise<KeyReport> =>
    checkKey({ ...initial, zkeyPath, wordCount: 1, terms, ...options });

  const failedIn = ({ checks }: KeyReport): string[] => checks.filter(({ ok }) => !ok).map(({ name }) => name);

  it("of twenty contributors and a beacon gives a key that is accepted (Z10)", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `contributor ${index + 1}`);
    const last = await contribute(initial.zkeyPath, path("twenty.zkey"), names);
    const zkeyPath = path("twenty-final.zkey");
    const hash = Buffer.from(await addBeacon(last, zkeyPath)).toString("hex");
    const report = await check(zkeyPath, { terms: { ...terms, contributions: 20 } });
    expect(failedIn(report)).to.deep.equal([]);
    expect(report.ok).to.equal(true);
    expect(report.kind).to.equal("ceremony");
    expect(report.beacon).to.deep.equal(BEACON);
    expect(report.ptau).to.deep.equal({ sha256: terms.ptau.sha256, power: 3, pinned: null });
    expect(report.contributions.map(({ name }) => name)).to.deep.equal([...names, "beacon"]);
    expect(report.contributions.at(-1)).to.deep.equal({ type: "beacon", name: "beacon", hash });
    expect(await check(zkeyPath, { terms: undefined })).to.include({ kind: "self", ok: true });
  });

  it("shows each contributor the hash that the report lists", async () => {
    const hash = Buffer.from(await zKey.contribute(initial.zkeyPath, path("one.zkey"), "dora", "e")).toString("hex");
    const report = await check(path("one.zkey"), { terms: undefined });
    expect(report.contributions).to.deep.equal([{ type: "contribution", name: "dora", hash }]);
    expect(report).to.include({ kind: "self", ok: true, beacon: null });
  });

  it("does not cover names: whoever hands the key on can change them", async () => {
    const renamed = path("renamed.zkey");
    await withContributions(finished, renamed, ([first, ...rest]) => [
      Buffer.from(first.toString("latin1").replace("alice", "malle"), "latin1"),
      ...rest,
    ]);
    const report = await check(renamed);
    expect(report.ok).to.equal(true);
    expect(report.contributions[0].name).to.equal("malle");
  });

  const inSection = (section: number, offset: number) => async (to: string) => {
    const point = section === SECTION.b2 ? await multipleG2(99n) : await multipleG1(99n);
    await withSection(finished, to, section, (content) => overwritten(content, offset, point));
  };
  const SABOTAGES: readonly Sabotage[] = [
    {
      what: "a contribution taken out",
      spoil: (to) => withContributions(finished, to, (all) => all.toSpliced(1, 1)),
      failed: ["transcript", "chain", "contributions"],
      snarkjs: "refuses",
    },
    {
      what: "two contributions in each other's place",
      spoil: (to) => withContributions(finished, to, ([a, b, ...rest]) => [b, a, ...rest]),
      failed: ["transcript", "chain"],
      snarkjs: "refuses",
    },
    {
      what: "another proof of knowledge",
      spoil: async (to) => {
        const other = await multipleG2(99n);
        await withContributions(finished, to, ([a, ...rest]) => [overwritten(a, CONTRIBUTION.spx, other), ...rest]);
      },
      failed: ["transcript", "knowledge of secrets", "chain"],
      snarkjs: "refuses",
    },
    {
      what: "another transcript",
      spoil: (to) =>
        withContributions(finished, to, ([a, ...rest]) => [
          overwritten(a, CONTRIBUTION.transcript, Buffer.alloc(64, 1)),
          ...rest,
        ]),
      failed: ["transcript", "knowledge of secrets", "chain"],
      snarkjs: "refuses",
    },
    {
      what: "another δ after a contribution",
      spoil: async (to) => {
        const other = await multipleG1(99n);
        await withContributions(finished, to, ([a, ...rest]) => [
          overwritten(a, CONTRIBUTION.deltaAfter, other),
          ...rest,
        ]);
      },
      failed: ["transcript", "chain"],
      snarkjs: "refuses",
    },
    {
      what: "a known δ in the header",
      spoil: async (to) => {
        const [g1, g2] = [await multipleG1(99n), await multipleG2(99n)];
        await withSection(finished, to, SECTION.header, (header) =>
          overwritten(overwritten(header, DELTA.g1, g1), DELTA.g2, g2),
        );
      },
      failed: ["delta", "C", "H"],
      snarkjs: "refuses",
    },
    {
      what: "a known δ in G2 of the header alone",
      spoil: async (to) => {
        const g2 = await multipleG2(99n);
        await withSection(finished, to, SECTION.header, (header) => overwritten(header, DELTA.g2, g2));
      },
      failed: ["delta", "C", "H"],
      snarkjs: "refuses",
    },
    { what: "a point of C changed", spoil: inSection(SECTION.c, 0), failed: ["C"], snarkjs: "refuses" },
    { what: "a point of H changed", spoil: inSection(SECTION.h, 64), failed: ["H"], snarkjs: "refuses" },
    {
      what: "a point off the curve",
      spoil: (to) => withSection(finished, to, SECTION.c, (content) => overwritten(content, 0, Buffer.of(1, 2, 3))),
      failed: ["points"],
      snarkjs: "refuses",
    },
    {
      what: "a coordinate in its other encoding",
      spoil: (to) => withSection(finished, to, SECTION.h, addOrder),
      failed: ["points"],
      snarkjs: "may take",
    },
    {
      what: "an IC point changed",
      spoil: inSection(SECTION.ic, 128),
      failed: ["IC", "circuit hash"],
      snarkjs: "refuses",
    },
    {
      what: "a point of A changed",
      spoil: inSection(SECTION.a, 64),
      failed: ["A", "circuit hash"],
      snarkjs: "refuses",
    },
    {
      what: "a point of B1 changed",
      spoil: inSection(SECTION.b1, 0),
      failed: ["B1", "circuit hash"],
      snarkjs: "refuses",
    },
    {
      what: "a point of B2 changed",
      spoil: inSection(SECTION.b2, 0),
      failed: ["B2", "circuit hash"],
      snarkjs: "refuses",
    },
    {
      what: "a coefficient changed",
      spoil: (to) =>
        withSection(finished, to, SECTION.coefficients, (content) => overwritten(content, 16, Buffer.of(1, 2, 3))),
      failed: ["circuit"],
      snarkjs: "refuses",
    },
    {
      what: "another hash of the initial key",
      spoil: (to) =>
        withSection(finished, to, SECTION.contributions, (content) => overwritten(content, 0, Buffer.alloc(64, 7))),
      failed: ["transcript", "circuit hash"],
      snarkjs: "refuses",
    },
    {
      what: "another γ",
      spoil: async (to) => {
        const other = await multipleG2(99n);
        await withSection(finished, to, SECTION.header, (header) => overwritten(header, DELTA.g1 - 128, other));
      },
      failed: ["gamma"],
      snarkjs: "refuses",
    },
    {
      what: "another β",
      spoil: async (to) => {
        const other = await multipleG2(99n);
        await withSection(finished, to, SECTION.header, (header) => overwritten(header, DELTA.g1 - 256, other));
      },
      failed: ["alpha and beta", "circuit hash"],
      snarkjs: "refuses",
    },
    {
      what: "a beacon that is not the last",
      spoil: (to) => contribute(finished, to, ["late"]),
      failed: ["beacon place", "announced beacon"],
      snarkjs: "accepts",
    },
    {
      what: "two beacons",
      spoil: async (to) => {
        await addBeacon(contributed, `${to}.first`, { ...BEACON, hash: "11".repeat(32) });
        await addBeacon(`${to}.first`, to);
      },
      failed: ["beacon place"],
      snarkjs: "accepts",
    },
    {
      what: "a beacon of another value",
      spoil: (to) => addBeacon(contributed, to, { ...BEACON, hash: "5b".repeat(32) }),
      failed: ["announced beacon"],
      snarkjs: "accepts",
    },
    {
      what: "a beacon of other iterations",
      spoil: (to) => addBeacon(contributed, to, { ...BEACON, iterationsExp: 11 }),
      failed: ["announced beacon"],
      snarkjs: "accepts",
    },
    {
      what: "no beacon",
      spoil: (to) => contribute(initial.zkeyPath, to, CONTRIBUTORS),
      failed: ["beacon place", "announced beacon"],
      snarkjs: "accepts",
    },
    {
      what: "a contribution that calls itself the beacon",
      spoil: async (to) => {
        const last = await contribute(initial.zkeyPath, `${to}.plain`, [...CONTRIBUTORS, "beacon"]);
        const parameters = Buffer.concat([Buffer.of(2, 10, 3, 32), Buffer.from(BEACON.hash, "hex")]);
        await withContributions(last, to, (all) => {
          const end = all[3].subarray(0, CONTRIBUTION.type);
          return [...all.slice(0, 3), Buffer.concat([end, words32(1, parameters.length), parameters])];
        });
      },
      failed: ["beacon value"],
      snarkjs: "refuses",
    },
    {
      what: "the beacon's secret passed off as somebody's",
      spoil: async (to) => {
        await addBeacon(contributed, `${to}.first`);
        await withContributions(`${to}.first`, `${to}.second`, (all) => [
          ...all.slice(0, 3),
          Buffer.concat([all[3].subarray(0, CONTRIBUTION.type), words32(0, 0)]),
        ]);
        await addBeacon(`${to}.second`, to);
      },
      failed: ["announced beacon"],
      snarkjs: "accepts",
    },
    {
      what: "too few contributors",
      spoil: async (to) => addBeacon(await contribute(initial.zkeyPath, `${to}.two`, ["alice", "bob"]), to),
      failed: ["contributions"],
      snarkjs: "accepts",
    },
    {
      what: "a beacon that is not drawn yet",
      spoil: (to) => addBeacon(contributed, to),
      terms: (announced) => ({ ...announced, beacon: { ...announced.beacon, hash: null } }),
      failed: ["announced beacon"],
      snarkjs: "accepts",
    },
    {
      what: "another circuit than announced",
      spoil: (to) => addBeacon(contributed, to),
      terms: (announced) => ({ ...announced, circuitHash: `0x${"1".repeat(64)}` }),
      failed: ["announced circuit"],
      snarkjs: "accepts",
    },
    {
      what: "other powers of tau than announced",
      spoil: (to) => addBeacon(contributed, to),
      terms: (announced) => ({ ...announced, ptau: { sha256: "1".repeat(64) } }),
      failed: ["announced powers of tau"],
      snarkjs: "accepts",
    },
  ];

  for (const { what, spoil, terms: change = (same: CeremonyTerms) => same, failed, snarkjs } of SABOTAGES)
    it(`is refused for ${what} (${failed[0]}; snarkjs ${snarkjs} it) (Z10)`, async () => {
      const zkeyPath = path("spoilt.zkey");
      await spoil(zkeyPath);
      const report = await check(zkeyPath, { terms: change(terms) });
      expect(report.ok).to.equal(false);
      const expected = snarkjs === "refuses" ? [...failed, "snarkjs"] : failed;
      const got = failedIn(report).filter((name) => snarkjs !== "may take" || !["snarkjs", "agreement"].includes(name));
      expect(got.sort()).to.deep.equal([...expected].sort());
    });

  /** Writes a copy of the initial key with contributions of known factors, whose product is 1, as anybody could. */
  async function contributeFactors(to: string, factors: readonly bigint[]): Promise<void> {
    const { circuitHash } = await readPhase2Key(initial.zkeyPath);
    const s = await multipleG1(1n);
    const before = createHash("blake2b512").update(circuitHash);
    const contributions: Buffer[] = [];
    let delta = 1n;
    for (const factor of factors) {
      delta = mod(delta * factor, SCALAR_ORDER);
      const [deltaAfter, sx] = [await multipleG1(delta), await multipleG1(factor)];
      const transcript = before
        .copy()
        .update(hashedForm(Buffer.concat([s, sx]), 64))
        .digest();
      const spx = rawG2(createSnarkjsRandom(transcript).g2().multiply(factor));
      before
        .update(hashedForm(Buffer.concat([deltaAfter, s, sx]), 64))
        .update(hashedForm(spx, 128))
        .update(transcript);
      contributions.push(Buffer.concat([deltaAfter, s, sx, spx, transcript, words32(0, 0)]));
    }
    await withContributions(initial.zkeyPath, to, () => contributions);
  }

  it("is refused for a contribution that knew no secret: a factor of 1", async () => {
    const idle = path("idle.zkey");
    await contributeFactors(idle, [1n]);
    const zkeyPath = await contribute(idle, path("after-idle.zkey"), ["alice"]);
    expect(failedIn(await check(zkeyPath, { terms: undefined }))).to.deep.equal(["secret delta"]);
  });

  const HALF = (SCALAR_ORDER + 1n) / 2n;
  for (const [what, factors] of [
    ["that undo each other: only the beacon's secret is left, which everybody computes", [2n, HALF]],
    ["that only turn the sign of δ", [SCALAR_ORDER - 1n, SCALAR_ORDER - 1n]],
  ] as const)
    it(`is refused for contributions ${what}`, async () => {
      const [undone, zkeyPath] = [path("undone.zkey"), path("undone-final.zkey")];
      await contributeFactors(undone, factors);
      await addBeacon(undone, zkeyPath);
      const report = await check(zkeyPath, { terms: { ...terms, contributions: factors.length } });
      expect(failedIn(report)).to.deep.equal(["secret delta"]);
    });

  it("is refused for a key of another circuit, of other sizes or of the same", async () => {
    const changes: [from: string, to: string, detail: RegExp][] = [
      ["square + z + 2", "square + z + 3", /coefficients are not the r1cs's/],
      [
        "product <== x * y;",
        "product <== x * y; signal more <== x * x;",
        /another circuit: \d+ wires, 3 public signals, 8 rows; want \d+ wires/,
      ],
    ];
    for (const [from, to, detail] of changes) {
      const { r1csPath } = await compileSmallCircuit(folder, (text) => text.replace(from, to));
      const report = await check(finished, { r1csPath, terms: undefined });
      expect(report.checks[0])
        .to.include({ name: "circuit", ok: false })
        .and.have.property("detail")
        .that.matches(detail);
      expect(failedIn(report)).to.include("snarkjs").and.not.include("agreement");
    }
  });

  it("is refused for a key of other powers of tau", async () => {
    const ptauPath = path("other.ptau");
    await writePtau(ptauPath, 3, { ...PTAU_SECRETS, tau: 77n, alpha: 78n });
    const report = await check(finished, { ptauPath, terms: undefined });
    expect(failedIn(report)).to.include.members(["alpha and beta", "A", "H", "circuit hash", "snarkjs"]);
    expect(failedIn(report)).to.not.include("agreement");
  });

  it("is refused where the powers of tau have two β, which snarkjs takes", async () => {
    const [ptauPath, zkeyPath] = [path("two-betas.ptau"), path("two-betas.zkey")];
    const powers = new Map<number, Uint8Array>(await readSections(initial.ptauPath));
    await writeSections(ptauPath, "ptau", powers.set(PTAU.betaG2, await multipleG2(99n)));
    await zKey.newZKey(initial.r1csPath, ptauPath, `${zkeyPath}.initial`);
    await contribute(`${zkeyPath}.initial`, zkeyPath, ["alice"]);
    const report = await check(zkeyPath, { ptauPath, terms: undefined });
    expect(failedIn(report)).to.deep.equal(["alpha and beta", "agreement"]);
  });

  it("does not believe snarkjs's initial key where r1cs and powers of tau give another", async () => {
    const r1cs = await readR1cs(initial.r1csPath);
    const key = await readPhase2Key(finished);
    const ptau = await openPtau(initial.ptauPath, r1cs.domainPower);
    const hashCheck = async (initialC: Uint8Array | undefined) =>
      (await checkRelations(key, r1cs, ptau, initialC)).find(({ name }) => name === "circuit hash");
    const initialC = (await readSections(initial.zkeyPath)).find(([id]) => id === SECTION.c)![1];
    expect(await hashCheck(initialC)).to.include({ ok: true });
    const other = overwritten(Buffer.from(initialC), 0, await multipleG1(99n));
    for (const wrong of [other, initialC.subarray(64), undefined])
      expect(await hashCheck(wrong)).to.deep.include({
        ok: false,
        detail: "snarkjs makes another initial key of r1cs and powers of tau",
      });
    await ptau.file.close();
  });

  it("is refused for a B2 outside of the subgroup of order r, which snarkjs takes from powers of tau that have one", async () => {
    const [ptauPath, zkeyPath] = [path("torsion.ptau"), path("torsion.zkey")];
    const powers = new Map(await readSections(initial.ptauPath));
    const torsion = rawG2(pointOfSmallOrder());
    const { G2 } = await buildBn128();
    const section = powers.get(PTAU.lagrangeG2)!;
    // The first row of the domain of 2^3, in which the circuit's first constraint is.
    const row = section.subarray(7 * 128, 8 * 128);
    row.set(G2.toAffine(G2.add(row, torsion)));
    await writeSections(ptauPath, "ptau", powers);
    await zKey.newZKey(initial.r1csPath, ptauPath, `${zkeyPath}.initial`);
    await contribute(`${zkeyPath}.initial`, zkeyPath, ["alice"]);
    const report = await check(zkeyPath, { ptauPath, terms: undefined });
    expect(failedIn(report)).to.deep.equal(["B2", "agreement"]);
    expect(report.checks.find(({ name }) => name === "B2")).to.include({
      detail: "a point is not in the subgroup of order r",
    });
  });

  it("is refused for a damaged file, with one line, also where snarkjs takes it", async () => {
    const sections = await readSections(finished);
    const bytes = await readFile(finished);
    const zkeyPath = path("damaged.zkey");
    const cases: [write: () => Promise<void>, message: RegExp, snarkjs: "refuses" | "accepts"][] = [
      [() => writeFile(zkeyPath, bytes.subarray(0, bytes.length - 1)), /truncated/, "refuses"],
      [() => writeFile(zkeyPath, bytes.subarray(0, 20)), /truncated/, "refuses"],
      [() => writeFile(zkeyPath, "zk"), /not a \.zkey file/, "refuses"],
      [() => writeFile(zkeyPath, Buffer.concat([bytes, Buffer.of(0)])), /1 bytes after the last section/, "accepts"],
      [
        () => writeSections(zkeyPath, "zkey", [...sections, sections[7]]),
        /section \d+ \(\w+\) is there twice/,
        "refuses",
      ],
      [() => writeSections(zkeyPath, "zkey", [...sections, [11, Buffer.of(1)]]), /unknown section 11/, "accepts"],
      [() => writeSections(zkeyPath, "zkey", sections.slice(1)), /no section 1 \(protocol\)/, "refuses"],
      [
        () => withSection(finished, zkeyPath, SECTION.c, (c) => c.subarray(64)),
        /section c has \d+ bytes, want/,
        "refuses",
      ],
      [
        () => withSection(finished, zkeyPath, SECTION.protocol, (p) => overwritten(p, 0, Buffer.of(2))),
        /Groth16/,
        "refuses",
      ],
      [
        () => withSection(finished, zkeyPath, SECTION.header, (h) => overwritten(h, 4, Buffer.of(1))),
        /another curve/,
        "refuses",
      ],
      [
        () => withSection(finished, zkeyPath, SECTION.contributions, (all) => all.subarray(0, all.length - 1)),
        /contribution 4: truncated/,
        "refuses",
      ],
      [
        () =>
          withContributions(finished, zkeyPath, ([a, ...rest]) => [
            overwritten(a, CONTRIBUTION.type, Buffer.of(2)),
            ...rest,
          ]),
        /contribution 1: want a contribution, or a beacon/,
        "accepts",
      ],
      [
        () =>
          withContributions(finished, zkeyPath, ([a, ...rest]) => [
            overwritten(a, CONTRIBUTION.spx, rawG2(pointOfSmallOrder())),
            ...rest,
          ]),
        /contribution 1: x in G2: not in the subgroup/,
        "refuses",
      ],
      [
        () =>
          withContributions(finished, zkeyPath, ([a, ...rest]) => [
            overwritten(a, CONTRIBUTION.s, Buffer.alloc(64)),
            ...rest,
          ]),
        /contribution 1: s: the point at infinity/,
        "refuses",
      ],
    ];
    const ptau = { type: "mem" as const, data: await readFile(initial.ptauPath) };
    for (const [write, message, wanted] of cases) {
      await write();
      const zkey = { type: "mem" as const, data: await readFile(zkeyPath) };
      const accepts = await zKey.verifyFromR1cs(initial.r1csPath, ptau, zkey).catch(() => false);
      expect(accepts, String(message)).to.equal(wanted === "accepts");
      const error = await check(zkeyPath).catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(InputError).with.property("message").that.matches(message).and.not.include("\n");
    }
  });
});
