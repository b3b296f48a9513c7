import { readFileSync } from "node:fs";
import { FULL_ROUNDS, PARTIAL_ROUNDS } from "../circom/poseidonConstants.ts";
import { MAX_ELEMENT_BITS, WORD_BITS } from "../codec/codec.ts";
import { CHAIN_RATE, SINGLE_LIMIT } from "../codec/commitment.ts";
import { PROOF_SYSTEM_ID } from "../codec/statement.ts";
import { BASE_ORDER, SCALAR_ORDER } from "../field.ts";
import { projectPath } from "../paths.ts";
import { PUBLISHED_PTAUS } from "../setup/phase2/publishedPtaus.ts";

/** A cryptographic parameter with its value from the code. */
interface Parameter {
  readonly name: string;
  readonly value: string;
  /** Files that hold it, from the project's top. */
  readonly files: readonly string[];
  readonly why: string;
}

const STATEMENT = "contracts/libraries/StatementLib.sol";
const BATCH = "contracts/libraries/Groth16BatchLib.sol";
const SINGLE = "contracts/libraries/Groth16Lib.sol";
const ESCROW = "contracts/InferenceEscrow.sol";
const ORDERS = "contracts/PrepaidOrders.sol";
const REGISTRY = "contracts/ModelRegistry.sol";
const SPLIT = "contracts/libraries/SplitLib.sol";
const SIGNATURE = "contracts/libraries/SignatureLib.sol";
const COMMITMENT = "src/codec/commitment.ts";
const CODEC = "src/codec/codec.ts";
const POSEIDON = "src/circom/poseidonConstants.ts";
const DEALER = "src/setup/dealerSecrets.ts";

/** Rows of the table of parameters, its head first. Paths are as from docs/. */
export const parameterRows = (): string[][] => [
  ["parameter", "value", "held in", "why, and where it comes from"],
  ...[...fieldParameters(), ...hashParameters(), ...proofParameters(), ...protocolParameters()].map(
    ({ name, value, files, why }) => [name, value, files.map(link).join(", "), why],
  ),
];

const fieldParameters = (): Parameter[] => [
  {
    name: "curve",
    value: "BN254 (alt_bn128)",
    files: ["src/field.ts", SINGLE],
    why: "EIP-196 and EIP-197: the pairing that every EVM chain has. About 100 bits of security after the tower number field sieve (ePrint 2017/334), not the 128 that it was made for",
  },
  { name: "r, order of the groups", value: `${SCALAR_ORDER}`, files: ["src/field.ts", SINGLE], why: "EIP-197" },
  { name: "q, order of the base field", value: `${BASE_ORDER}`, files: ["src/field.ts", SINGLE], why: "EIP-197" },
  {
    name: "width of a word",
    value: `${WORD_BITS} bits`,
    files: [CODEC, STATEMENT],
    why: "the widest that stays below r for every value: 2^253 < r < 2^254, so that a word has one encoding",
  },
  {
    name: "widest range check",
    value: `${MAX_ELEMENT_BITS} bits`,
    files: [CODEC, "circuits/lib/RangeCheck.circom"],
    why: "a difference of two numbers of so many bits and its sign still fit below r",
  },
];

const hashParameters = (): Parameter[] => [
  {
    name: "Poseidon",
    value: `x⁵, ${FULL_ROUNDS} full rounds, partial rounds ${partialRounds()}`,
    files: [POSEIDON, "circuits/lib/PoseidonRounds.circom"],
    why: "ePrint 2019/458 at 128 bits for this field: 5 is the least exponent prime to r − 1; rounds from its table for BN254",
  },
  {
    name: "Poseidon's constants",
    value: "Grain LFSR, then a Cauchy matrix",
    files: [POSEIDON, "circuits/lib/generated/PoseidonConstants3.circom"],
    why: "drawn again by this code as the paper's reference script does; [poseidon.ts](../test/circuits/poseidon.ts) compares with circomlibjs and poseidon-lite",
  },
  {
    name: "input commitment",
    value: `one permutation for up to ${SINGLE_LIMIT} elements, else a chain that takes ${CHAIN_RATE} a step`,
    files: [COMMITMENT, "circuits/lib/MessageHash.circom"],
    why: "up to five a contract can compute it itself; the length is in the chain's first state (ADR-0001)",
  },
  {
    name: "salt",
    value: `${8 * numberIn(COMMITMENT, /randomBytes\((\d+)\)/)} random bits`,
    files: [COMMITMENT],
    why: "at least 128 are required; as many whole bytes as stay below r for certain",
  },
];

const proofParameters = (): Parameter[] => [
  {
    name: "proof system id",
    value: `\`${PROOF_SYSTEM_ID}\``,
    files: ["src/codec/statement.ts", REGISTRY],
    why: `ERC-7992: \`bytes4(keccak256(${textIn(REGISTRY, /PROOF_SYSTEM_ID = bytes4\(keccak256\(("[^"]+")\)\)/)}))\`. Groth16 as in ePrint 2016/260; its proofs can be re-randomised (ePrint 2020/811), so none is an identifier`,
  },
  {
    name: "γ",
    value: "the generator of G2",
    files: [SINGLE, "contracts/libraries/KeyLib.sol"],
    why: "as snarkjs makes keys; not part of a key, so that all keys share its pair in a batch",
  },
  {
    name: "context",
    value: `${256 - numberIn(STATEMENT, />> (\d+)/)} bits of keccak-256`,
    files: ["src/codec/statement.ts", STATEMENT],
    why: "shifted instead of reduced: below r without bias, and the circuit takes it as it is",
  },
  {
    name: "evaluation of W words at the context",
    value: `wrong with at most (W − 1) / 2^${256 - numberIn(STATEMENT, />> (\d+)/)} a try`,
    files: [STATEMENT, "circuits/lib/OutputWords.circom"],
    why: "a polynomial of degree W − 1 has so many roots; words and input are hashed before the point exists",
  },
  {
    name: "weights of a batch",
    value: `${256 - numberIn(BATCH, />> (\d+)/)} bits each, the first one 1`,
    files: [BATCH],
    why: `a false batch passes with 2^-${256 - numberIn(BATCH, />> (\d+)/)} a drawing; only ratios count, so one weight may be fixed. Domain \`${textIn(BATCH, /DOMAIN = keccak256\(("[^"]+")\)/)}\``,
  },
  {
    name: "claims in a batch",
    value: textIn(REGISTRY, /MAX_BATCH = (\d+)/),
    files: [REGISTRY],
    why: "bounds memory and gas: 128 fit a transaction of 16,777,216 gas (EIP-7825)",
  },
  {
    name: "pinned powers of tau",
    value: `${PUBLISHED_PTAUS.length} files by BLAKE2b-512`,
    files: ["src/setup/phase2/publishedPtaus.ts"],
    why: "the Hermez files, as snarkjs's README lists them: 54 contributions and a beacon. Another file is taken only when told to, and recorded as untrusted",
  },
  {
    name: "dealer's secrets",
    value: `SHA-512 under \`"${textIn(DEALER, /toUtf8Bytes\(`([^\\]+)/)}"\``,
    files: [DEALER],
    why: "public on purpose; 512 bits reduced modulo r − 1 are even to 2^-258. Refused off chain 31337",
  },
];

const protocolParameters = (): Parameter[] => [
  {
    name: "EIP-712 domain of jobs",
    value: domainIn(ESCROW),
    files: [ESCROW, "src/codec/statement.ts"],
    why: "with the chain's current id and the contract's address; the digest is the job id",
  },
  {
    name: "EIP-712 domain of orders",
    value: domainIn(ORDERS),
    files: [ORDERS, "src/codec/statement.ts"],
    why: "another name, so that no signature of one contract is one of the other",
  },
  {
    name: "job id in storage",
    value: `${256 - 8} bits`,
    files: ["contracts/libraries/JobLib.sol"],
    why: "the lowest byte holds the state; two jobs of one client that agree in the rest cost it 2^124 hashes",
  },
  {
    name: "greatest amount",
    value: textIn(SPLIT, /MAX_AMOUNT = type\((\w+)\)\.max/).replace("uint128", "2^128 − 1"),
    files: [SPLIT],
    why: "products with basis points cannot overflow: proved by `npm run smt`",
  },
  {
    name: "caps of toll and royalty",
    value: `${textIn(SPLIT, /MAX_TOLL_BPS = ([\d_]+)/)} and ${textIn(SPLIT, /MAX_ROYALTY_BPS = ([\d_]+)/).replace("_", ",")} basis points`,
    files: [SPLIT],
    why: "immutable in contract and model",
  },
  {
    name: "order life L",
    value: `${textIn(ORDERS, /SHORTEST_ORDER_LIFE = ([\w ]+)/)} to ${textIn(ORDERS, /LONGEST_ORDER_LIFE = ([\w ]+)/)}`,
    files: [ORDERS],
    why: "a withdrawal matures after L and is void after 2 L: the client must be able to meet that, and get out in bounded time",
  },
  {
    name: "gas of an ERC-1271 answer",
    value: textIn(SIGNATURE, /ERC1271_GAS = ([\d_]+)/).replace("_", ","),
    files: [SIGNATURE],
    why: "enough for a signature over another curve in Solidity; bounds what a hostile account burns",
  },
];

const partialRounds = (): string =>
  Object.entries(PARTIAL_ROUNDS)
    .map(([width, rounds]) => `${rounds} (${Number(width) - 1} inputs)`)
    .join(", ");

const domainIn = (path: string): string => {
  const [, name, version] = matchIn(path, /EIP712\(("[^"]+"), ("[^"]+")\)/);
  return `\`${name}\`, version \`${version}\``;
};

/** What the first group matches in a file. Throws an Error where nothing does: the constant has moved. */
const textIn = (path: string, pattern: RegExp): string => matchIn(path, pattern)[1];

const numberIn = (path: string, pattern: RegExp): number => Number(textIn(path, pattern));

function matchIn(path: string, pattern: RegExp): RegExpMatchArray {
  const match = readFileSync(projectPath(path), "utf8").match(pattern);
  if (match === null) throw new Error(`${path}: nothing matches ${pattern}, which the table of parameters shows`);
  return match;
}

const link = (path: string): string => `[${path.slice(path.lastIndexOf("/") + 1)}](../${path})`;
