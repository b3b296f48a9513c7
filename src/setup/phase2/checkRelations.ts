import { createHash } from "node:crypto";
import { bn254 } from "@noble/curves/bn254.js";
import type { R1cs } from "../../circom/readR1cs.ts";
import { forEachTerm, littleEndian } from "../../circom/readR1cs.ts";
import { InputError } from "../../errors.ts";
import { G2_GENERATOR } from "../../groth16/points.ts";
import { SECTION, coefficientsSection, scalarBytes, words32 } from "../../groth16/zkeyFile.ts";
import type { KeyCheck } from "./checkKey.ts";
import { isSameRatio } from "./checkTranscript.ts";
import type { Phase2Key } from "./phase2Key.ts";
import { G1_BYTES, G2_BYTES, findOffCurveG1, findOffCurveG2, hashedForm } from "./pointBytes.ts";
import { PTAU, type Ptau } from "./ptau.ts";
import {
  addG1,
  areInG2,
  differencesG1,
  drawWeights,
  fullScalars,
  pointOfG1,
  sumG1,
  sumG2,
  weightAt,
  weightsOf,
} from "./randomSums.ts";

const { Fr } = bn254.fields;
/** The generators as transcripts hash them. */
const G1_HASHED = Buffer.concat([1n, 2n].map((value) => scalarBytes(value).reverse()));
const G2_HASHED = Buffer.concat(G2_GENERATOR.map((value) => scalarBytes(value).reverse()));
/** Points of the doubled tau powers that snarkjs hashes at a time: it always reads whole chunks from here on. */
const HASH_CHUNK = 1 << 14;

/** What the circuit's initial key is made of: Lagrange points of its domain, times α and β where named so. */
interface LagrangePoints {
  readonly tau: Uint8Array;
  readonly tauG2: Uint8Array;
  readonly alpha: Uint8Array;
  readonly beta: Uint8Array;
  /** The odd half of the doubled domain: section H before any contribution. */
  readonly odd: Uint8Array;
}

/** Weighted sums of the columns of the circuit's matrices, a row each, apart for public and private wires. */
interface RowSums {
  readonly a: readonly [readonly bigint[], readonly bigint[]];
  readonly b: readonly [readonly bigint[], readonly bigint[]];
  readonly c: readonly [readonly bigint[], readonly bigint[]];
}

/** Whether the key has the circuit's sizes and coefficients. Where it has other sizes nothing else can be asked of it. */
export function checkCircuit(key: Phase2Key, r1cs: R1cs): KeyCheck & { readonly sameSizes: boolean } {
  const got = [key.header.wires, key.header.publicSignals, key.header.domainSize];
  const wanted = [r1cs.wires, r1cs.publicSignals, 2 ** r1cs.domainPower];
  const sameSizes = got.every((value, index) => value === wanted[index]);
  const sizes = (counts: number[]) => `${counts[0]} wires, ${counts[1]} public signals, ${counts[2]} rows`;
  if (!sameSizes)
    return { name: "circuit", ok: false, sameSizes, detail: `another circuit: ${sizes(got)}; want ${sizes(wanted)}` };
  const ok = Buffer.compare(key.sections.get(SECTION.coefficients)!, coefficientsSection(r1cs)) === 0;
  const detail = ok ? "sizes and coefficients of the r1cs" : "another circuit: its coefficients are not the r1cs's";
  return { name: "circuit", ok, sameSizes, detail };
}

/**
 * Whether the key is the one that r1cs and powers of tau give, with C and H divided by δ: random linear combinations of
 * every section against the same combination of Lagrange points. `initialC` is section C of the initial key as snarkjs
 * made it; it is believed only after the same test. Throws InputError where the powers of tau are no points.
 */
export async function checkRelations(
  key: Phase2Key,
  r1cs: R1cs,
  ptau: Ptau,
  initialC: Uint8Array | undefined,
): Promise<KeyCheck[]> {
  const points = checkPoints(key);
  const shared = [await checkAlphaBeta(key, ptau), checkGamma(key), points];
  if (!points.ok) return shared;
  const lagrange = await readLagrange(ptau, key.header.domainSize);
  const weights = drawWeights(key.header.wires);
  const rows = sumRows(r1cs, weights);
  const sumOfC = await sumKey(lagrange, [rows.a[1], rows.b[1], rows.c[1]]);
  return [
    ...shared,
    ...(await checkWires(key, lagrange, weights, rows)),
    checkDivided("C", key, await sumG1(key.sections.get(SECTION.c)!, privateWeights(key, weights)), sumOfC),
    await checkH(key, lagrange),
    await checkCircuitHash(key, ptau, weights, sumOfC, initialC),
  ];
}

async function checkAlphaBeta({ alphaBeta, beta1, beta2 }: Phase2Key, { file }: Ptau): Promise<KeyCheck> {
  const wanted = Buffer.concat([
    await file.read(PTAU.alphaTauG1, 0, G1_BYTES),
    await file.read(PTAU.betaTauG1, 0, G1_BYTES),
    await file.read(PTAU.betaG2),
  ]);
  const isSame = wanted.equals(alphaBeta);
  const isPair = isSameRatio(bn254.G1.Point.BASE, beta1, bn254.G2.Point.BASE, beta2);
  const detail = !isSame
    ? "not those of these powers of tau: a key of another file"
    : isPair
      ? "those of the powers of tau"
      : "β in G1 and β in G2 are not one scalar";
  return { name: "alpha and beta", ok: isSame && isPair, detail };
}

function checkGamma({ gamma }: Phase2Key): KeyCheck {
  const ok = gamma.equals(bn254.G2.Point.BASE);
  return { name: "gamma", ok, detail: ok ? "the generator of G2" : "not the generator of G2, which contracts assume" };
}

/** Sums mean nothing where a summand is off its curve. */
function checkPoints({ sections }: Phase2Key): KeyCheck {
  for (const name of ["ic", "a", "b1", "b2", "c", "h"] as const) {
    const find = name === "b2" ? findOffCurveG2 : findOffCurveG1;
    const index = find(sections.get(SECTION[name])!);
    if (index !== -1)
      return { name: "points", ok: false, detail: `${name.toUpperCase()}[${index}] is not a point of the curve` };
  }
  return { name: "points", ok: true, detail: "all on their curves, one encoding each" };
}

async function readLagrange({ file }: Ptau, domainSize: number): Promise<LagrangePoints> {
  const first = domainSize - 1;
  const g1 = (section: number) => file.read(section, first * G1_BYTES, domainSize * G1_BYTES);
  const doubled = await file.read(PTAU.lagrangeG1, (2 * domainSize - 1) * G1_BYTES, 2 * domainSize * G1_BYTES);
  const odd = Array.from({ length: domainSize }, (_, index) =>
    doubled.subarray((2 * index + 1) * G1_BYTES, (2 * index + 2) * G1_BYTES),
  );
  const lagrange: LagrangePoints = {
    tau: await g1(PTAU.lagrangeG1),
    alpha: await g1(PTAU.alphaLagrangeG1),
    beta: await g1(PTAU.betaLagrangeG1),
    tauG2: await file.read(PTAU.lagrangeG2, first * G2_BYTES, domainSize * G2_BYTES),
    odd: Buffer.concat(odd),
  };
  const { tauG2, ...inG1 } = lagrange;
  if (Object.values(inG1).some((points) => findOffCurveG1(points) !== -1) || findOffCurveG2(tauG2) !== -1)
    throw new InputError(`${file.path}: not every Lagrange point is on its curve: a damaged file`);
  return lagrange;
}

/** For each row and matrix Σ weightᵢ·coefficient over public and over private wires. */
function sumRows(r1cs: R1cs, weights: Uint8Array): RowSums {
  const zeros = () => Array.from({ length: 2 ** r1cs.domainPower }, () => 0n);
  const sums = [0, 1, 2].map(() => [zeros(), zeros()] as [bigint[], bigint[]]);
  const factors = Array.from({ length: r1cs.wires }, (_, wire) => weightAt(weights, wire));
  forEachTerm(r1cs, (matrix, constraint, wire, offset) => {
    const column = sums[matrix][wire <= r1cs.publicSignals ? 0 : 1];
    const value = littleEndian(r1cs.bytes.subarray(offset, offset + 32));
    column[constraint] = Fr.add(column[constraint], Fr.mul(value, factors[wire]));
  });
  // As in keyScalars: a row of its own for every public wire.
  for (let wire = 0; wire <= r1cs.publicSignals; wire++) sums[0][0][r1cs.constraints + wire] = factors[wire];
  const [a, b, c] = sums;
  return { a, b, c };
}

/** IC, A, B1 and B2, which no contribution touches. */
async function checkWires(
  { sections, header }: Phase2Key,
  lagrange: LagrangePoints,
  weights: Uint8Array,
  { a, b, c }: RowSums,
): Promise<KeyCheck[]> {
  const both = (column: readonly [readonly bigint[], readonly bigint[]]) =>
    fullScalars(column[0].map((value, row) => Fr.add(value, column[1][row])));
  const publicWeights = weightsOf(weights, 0, header.publicSignals + 1);
  const same = (name: string, got: Uint8Array, wanted: Uint8Array): KeyCheck => {
    const ok = Buffer.compare(got, wanted) === 0;
    return { name, ok, detail: ok ? "what r1cs and powers of tau give" : "not what r1cs and powers of tau give" };
  };
  const inSubgroup = await areInG2(sections.get(SECTION.b2)!, header.wires);
  const b2 = same("B2", await sumG2(sections.get(SECTION.b2)!, weights), await sumG2(lagrange.tauG2, both(b)));
  return [
    same("IC", await sumG1(sections.get(SECTION.ic)!, publicWeights), await sumKey(lagrange, [a[0], b[0], c[0]])),
    same("A", await sumG1(sections.get(SECTION.a)!, weights), await sumG1(lagrange.tau, both(a))),
    same("B1", await sumG1(sections.get(SECTION.b1)!, weights), await sumG1(lagrange.tau, both(b))),
    b2.ok && !inSubgroup ? { ...b2, ok: false, detail: "a point is not in the subgroup of order r" } : b2,
  ];
}

/** βA(τ) + αB(τ) + C(τ) of a combination of wires. */
const sumKey = async (
  lagrange: LagrangePoints,
  [a, b, c]: readonly [readonly bigint[], readonly bigint[], readonly bigint[]],
): Promise<Uint8Array> =>
  addG1(
    await sumG1(lagrange.beta, fullScalars(a)),
    await sumG1(lagrange.alpha, fullScalars(b)),
    await sumG1(lagrange.tau, fullScalars(c)),
  );

const privateWeights = ({ header }: Phase2Key, weights: Uint8Array): Uint8Array =>
  weightsOf(weights, header.publicSignals + 1, header.wires);

async function checkH(key: Phase2Key, lagrange: LagrangePoints): Promise<KeyCheck> {
  const weights = drawWeights(key.header.domainSize);
  return checkDivided("H", key, await sumG1(key.sections.get(SECTION.h)!, weights), await sumG1(lagrange.odd, weights));
}

/** δ·got = initial, in the exponent. */
function checkDivided(name: string, { delta2 }: Phase2Key, got: Uint8Array, initial: Uint8Array): KeyCheck {
  const [divided, whole] = [pointOfG1(got), pointOfG1(initial)];
  const ok =
    divided === undefined || whole === undefined
      ? divided === whole
      : isSameRatio(divided, whole, bn254.G2.Point.BASE, delta2);
  return { name, ok, detail: ok ? "the initial key's, divided by δ" : "not the initial key's divided by δ" };
}

/**
 * The hash of the initial key that the first transcript starts from, as `snarkjs zkey new` takes it. Section C before any
 * contribution is snarkjs's own, once its weighted sum is the one that r1cs and powers of tau give: to compute it point by
 * point would be snarkjs's work over again.
 */
async function checkCircuitHash(
  key: Phase2Key,
  ptau: Ptau,
  weights: Uint8Array,
  sumOfC: Uint8Array,
  initialC: Uint8Array | undefined,
): Promise<KeyCheck> {
  const name = "circuit hash";
  const believed =
    initialC?.length === key.sections.get(SECTION.c)!.length &&
    findOffCurveG1(initialC) === -1 &&
    Buffer.compare(await sumG1(initialC, privateWeights(key, weights)), sumOfC) === 0;
  if (!believed) return { name, ok: false, detail: "snarkjs makes another initial key of r1cs and powers of tau" };
  const ok = (await initialKeyHash(key, ptau, initialC)).equals(key.circuitHash);
  return { name, ok, detail: ok ? "the initial key's" : "not the initial key's: contributions to another circuit" };
}

async function initialKeyHash(key: Phase2Key, ptau: Ptau, initialC: Uint8Array): Promise<Buffer> {
  const hash = createHash("blake2b512");
  const list = (bytes: Uint8Array, width: number) =>
    hash.update(words32(bytes.length / width).reverse()).update(hashedForm(bytes, width));
  hash.update(hashedForm(key.alphaBeta.subarray(0, 2 * G1_BYTES), G1_BYTES));
  hash.update(hashedForm(key.alphaBeta.subarray(2 * G1_BYTES), G2_BYTES));
  // γ₂, δ₁ and δ₂ before any contribution.
  hash.update(G2_HASHED).update(G1_HASHED).update(G2_HASHED);
  list(key.sections.get(SECTION.ic)!, G1_BYTES);
  hash.update(words32(key.header.domainSize - 1).reverse());
  for await (const chunk of doubledPowers(ptau, key.header.domainSize)) hash.update(hashedForm(chunk, G1_BYTES));
  list(initialC, G1_BYTES);
  list(key.sections.get(SECTION.a)!, G1_BYTES);
  list(key.sections.get(SECTION.b1)!, G1_BYTES);
  list(key.sections.get(SECTION.b2)!, G2_BYTES);
  return hash.digest();
}

/** τ^(n+i) − τ^i for i < n − 1 in chunks; beyond the first chunk snarkjs reads the last one whole. */
async function* doubledPowers({ file }: Ptau, domainSize: number): AsyncGenerator<Uint8Array> {
  const size = Math.min(domainSize - 1, HASH_CHUNK);
  for (let first = 0; first < domainSize - 1; first += size) {
    const high = await file.read(PTAU.tauG1, (first + domainSize) * G1_BYTES, size * G1_BYTES);
    const low = await file.read(PTAU.tauG1, first * G1_BYTES, size * G1_BYTES);
    yield differencesG1(high, low);
  }
}
