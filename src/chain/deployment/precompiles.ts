import { bn254 } from "@noble/curves/bn254.js";
import { toBytes32 } from "../../codec/statement.ts";
import { InputError } from "../../errors.ts";
import { BASE_ORDER, SCALAR_ORDER, mod } from "../../field.ts";
import { fromG2, toG2, G2_GENERATOR } from "../../groth16/points.ts";
import { brokenConnection } from "../connection.ts";
import type { RpcProvider } from "../frameGas.ts";

/** A call of a precompile and what every sound chain answers: words, or that the call fails. */
export interface PrecompileVector {
  readonly name: string;
  readonly address: number;
  /** In hex, without prefix. */
  readonly input: string;
  readonly wanted: readonly bigint[] | "failure";
}

const { Fp2 } = bn254.fields;
const [ADD, MUL, PAIRING] = [6, 7, 8];
const G: readonly bigint[] = [1n, 2n];
const MINUS_G: readonly bigint[] = [1n, BASE_ORDER - 2n];
const INFINITY_1: readonly bigint[] = [0n, 0n];
const INFINITY_2: readonly bigint[] = [0n, 0n, 0n, 0n];
const OFF_CURVE_1: readonly bigint[] = [1n, 1n];
const OFF_CURVE_2: readonly bigint[] = [1n, 0n, 1n, 0n];
/** G with a coordinate that is q too large: another encoding of the same point. */
const ALIAS: readonly bigint[] = [1n + BASE_ORDER, 2n];

/** Calls whose answers the contracts rest on; EIP-196 and EIP-197 fix every one of them. */
export function precompileVectors(): readonly PrecompileVector[] {
  const add = (name: string, words: readonly bigint[], wanted: PrecompileVector["wanted"]) =>
    vector(`ecAdd: ${name}`, ADD, words, wanted);
  const mul = (name: string, words: readonly bigint[], wanted: PrecompileVector["wanted"]) =>
    vector(`ecMul: ${name}`, MUL, words, wanted);
  const pairing = (name: string, words: readonly bigint[], wanted: PrecompileVector["wanted"]) =>
    vector(`pairing: ${name}`, PAIRING, words, wanted);
  const g2 = G2_GENERATOR;
  const offSubgroup = twistPointOutsideSubgroup();
  const truePairing = [...G, ...g2, ...MINUS_G, ...g2];
  return [
    add("a sum", [...G, ...G], multiple(2n)),
    add("a point and its opposite", [...G, ...MINUS_G], INFINITY_1),
    add("a point and infinity", [...G, ...INFINITY_1], G),
    add("a short input is filled with zeros", G, G),
    add("a point off the curve", [...G, ...OFF_CURVE_1], "failure"),
    add("a coordinate above the field", [...G, ...ALIAS], "failure"),
    mul("a product", [...G, 3n], multiple(3n)),
    mul("a scalar above the group's order", [...G, 2n ** 256n - 1n], multiple(mod(2n ** 256n - 1n, SCALAR_ORDER))),
    mul("the group's order", [...G, SCALAR_ORDER], INFINITY_1),
    mul("infinity", [...INFINITY_1, 5n], INFINITY_1),
    mul("a point off the curve", [...OFF_CURVE_1, 1n], "failure"),
    mul("a coordinate above the field", [...ALIAS, 1n], "failure"),
    pairing("no pairs", [], [1n]),
    pairing("a true equation", truePairing, [1n]),
    pairing("a false equation", [...G, ...g2, ...G, ...g2], [0n]),
    pairing("infinity in G1", [...INFINITY_1, ...g2], [1n]),
    pairing("infinity in G2", [...G, ...INFINITY_2], [1n]),
    pairing("a point off the curve in G1", [...OFF_CURVE_1, ...g2], "failure"),
    pairing("a point off the curve in G2", [...G, ...OFF_CURVE_2], "failure"),
    pairing("a point outside of the subgroup", [...G, ...offSubgroup], "failure"),
    pairing("a coordinate above the field", [...ALIAS, ...g2], "failure"),
    pairing("a wrong length", truePairing.slice(1), "failure"),
  ];
}

const vector = (
  name: string,
  address: number,
  words: readonly bigint[],
  wanted: PrecompileVector["wanted"],
): PrecompileVector => ({ name, address, input: words.map((word) => toBytes32(word).slice(2)).join(""), wanted });

function multiple(scalar: bigint): readonly bigint[] {
  const { x, y } = bn254.G1.Point.BASE.multiplyUnsafe(scalar).toAffine();
  return [x, y];
}

/** The first point of the twist, by x = 1, 2, …, that the pairing must refuse. */
function twistPointOutsideSubgroup(): readonly bigint[] {
  const { Point } = bn254.G2;
  for (let coordinate = 1n; ; coordinate++) {
    const x = Fp2.fromBigTuple([coordinate, 0n]);
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), Point.CURVE().b);
    if (!isSquare(square)) continue;
    const point = fromG2(Point.fromAffine({ x, y: Fp2.sqrt(square) }));
    if (toG2(point) === "not in the subgroup of order r") return point;
  }
}

function isSquare(value: ReturnType<typeof Fp2.sqr>): boolean {
  try {
    return Fp2.eql(Fp2.sqr(Fp2.sqrt(value)), value);
  } catch {
    return false;
  }
}

/**
 * Asks a chain for every vector, by calls that leave nothing behind, and for the opcodes of Cancun that the contracts use. Throws
 * InputError naming the first that it answers otherwise: there the contracts would accept false proofs or refuse valid ones.
 */
export async function requirePrecompiles(rpc: RpcProvider, network: string): Promise<void> {
  const stored = await callCode(rpc, TRANSIENT_STORAGE);
  if (toNumber(stored) !== 1n) {
    throw new InputError(
      `network ${network}: no transient storage and MCOPY, want a chain of the Cancun upgrade or later`,
    );
  }
  for (const { name, address, input, wanted } of precompileVectors()) {
    const answered = readAnswer(await callCode(rpc, probe(address, input)));
    if (String(answered) === String(wanted)) continue;
    throw new InputError(
      `network ${network}: precompile ${address}, ${name}: got ${show(answered)}, want ${show(wanted)}`,
    );
  }
}

const show = (outcome: PrecompileVector["wanted"]): string =>
  outcome === "failure" ? outcome : outcome.map((word) => `0x${word.toString(16)}`).join(", ");

/** TSTORE(0, 1), MSTORE(32, TLOAD(0)), MCOPY(0, 32, 32), return 32 bytes; "0x" where an opcode is unknown. */
const TRANSIENT_STORAGE = "0x60015f5d5f5c602052602060205f5e60205ff3";

/**
 * Creation code that calls a precompile and returns whether the call succeeded, one word, then what it returned. A call of
 * the precompile itself would not do: nodes report its failure in different ways.
 */
function probe(address: number, input: string): string {
  const push2 = (value: number) => `61${value.toString(16).padStart(4, "0")}`;
  const length = push2(input.length / 2);
  const call = `5f5f${length}5f60${address.toString(16).padStart(2, "0")}5afa`;
  const answered = "5f523d5f60203e3d6020015ff3";
  // CODECOPY(0, the end of the code, length) takes 3 + 2 + 1 + 1 bytes.
  const codeBytes = 7 + (call.length + answered.length) / 2;
  return `0x${length}60${codeBytes.toString(16).padStart(2, "0")}5f39${call}${answered}${input}`;
}

function readAnswer(data: string): PrecompileVector["wanted"] {
  const words = (data.slice(2).match(/.{64}/g) ?? []).map((word) => BigInt(`0x${word}`));
  return words[0] === 1n ? words.slice(1) : "failure";
}

/** Runs creation code; "0x" where it fails. Throws what the connection throws. */
async function callCode(rpc: RpcProvider, data: string): Promise<string> {
  try {
    return (await rpc.request({ method: "eth_call", params: [{ data }, "latest"] })) as string;
  } catch (error) {
    if (brokenConnection(error) !== undefined) throw error;
    return "0x";
  }
}

/** What the CHAINID opcode says: what contracts will see, whatever the node says of itself. */
export async function chainIdOfCode(rpc: RpcProvider): Promise<bigint> {
  return toNumber(await callCode(rpc, "0x465f5260205ff3"));
}

const toNumber = (data: string): bigint => (data === "0x" ? 0n : BigInt(data));
