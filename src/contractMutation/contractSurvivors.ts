/** A mutant that no test can kill, and why: it changes nothing that a caller sees or a claim rests on. */
interface ContractSurvivor {
  readonly file: string;
  readonly before: string;
  readonly after: string;
  readonly reason: string;
}

/** Survivors of one place for one reason. */
interface SurvivorGroup extends Omit<ContractSurvivor, "after"> {
  readonly afters: readonly string[];
}

const WEIGHTS =
  "The weights stay 253 bits of a hash over every claim in full, which is all that soundness takes; which hash it is shows nowhere but in the weights.";
const ANSWERS =
  "Where there is the precompile, a call succeeds exactly when it returns 64 bytes. Where there is none, the next call is to the same address, and its check refuses.";
const LATER_CALLS =
  "An earlier call fails for want of gas, which leaves too little for the pairing, or where there is no such precompile, and then the later calls to it are refused; its points are of a published key.";
const OVERWRITTEN = "What is copied too much is overwritten before it is read.";
const SAME_AT_EQUALITY = "At equality both branches give 0.";
const BYTE_OF_KEY =
  "The place is written and read alike. The hash of a claim loses a byte of its key's id and nothing of the rest, so the weights bind the claims as before but for keys that agree in 31 bytes.";
const FAR_FROM_WRAPPING = "At most the number of claims, 128.";
const ABOVE_PRICE = "A limit that only has to lie above the precompile's price, 150.";
const START_OF_SEARCH = "Where the search begins changes what it costs and not what it finds.";
const BITS_OF_B =
  "Zero for infinity as well. Of a valid point these other bits are all zero with a chance of less than 2^-100 (coordinates of 254 bits), and nobody can choose them: B must be in the subgroup, where no coordinate is known to vanish.";
const HALF_OF_C =
  "Zero for infinity as well, and for no other point: none of the curve has x = 0, since 3 is no square, or y = 0, since the order is odd.";

const GROUPS: readonly SurvivorGroup[] = [
  {
    file: "contracts/libraries/Groth16BatchLib.sol",
    reason: WEIGHTS,
    before: "DOMAIN, bytes32(block.chainid),",
    afters: ["bytes32(block.chainid), DOMAIN,"],
  },
  {
    file: "contracts/libraries/Groth16BatchLib.sol",
    reason: WEIGHTS,
    before: "bytes32(block.chainid), bytes32(uint256(uint160(address(this)))),",
    afters: ["bytes32(uint256(uint160(address(this)))), bytes32(block.chainid),"],
  },
  {
    file: "contracts/libraries/Groth16BatchLib.sol",
    reason: WEIGHTS,
    before: "bytes32(uint256(uint160(address(this)))), bytes32(end - start),",
    afters: ["bytes32(end - start), bytes32(uint256(uint160(address(this)))),"],
  },
  {
    file: "contracts/libraries/Groth16BatchLib.sol",
    reason: WEIGHTS,
    before: "bytes32(end - start), itemsHash",
    afters: ["itemsHash, bytes32(end - start)"],
  },
  {
    file: "contracts/libraries/Groth16BatchLib.sol",
    reason: WEIGHTS,
    before: "bytes32(end - start),",
    afters: ["bytes32(end + start),", "bytes32(size - start),"],
  },
  {
    file: "contracts/libraries/Groth16BatchLib.sol",
    reason: WEIGHTS,
    before: 'bytes32 private constant DOMAIN = keccak256("Tollgate Groth16 batch");',
    afters: ['bytes32 private constant DOMAIN = keccak256("");'],
  },
  {
    file: "contracts/libraries/Groth16Lib.sol",
    reason: ANSWERS,
    before: "let ok := and(eq(returndatasize(), 64), staticcall(gas(), 7, add(p, 512), 96, add(p, 576), 64))",
    afters: [
      "let ok := or(eq(returndatasize(), 64), staticcall(gas(), 7, add(p, 512), 96, add(p, 576), 64))",
      "let ok := staticcall(gas(), 7, add(p, 512), 96, add(p, 576), 64)",
      "let ok := and(iszero(lt(returndatasize(),64)), staticcall(gas(), 7, add(p, 512), 96, add(p, 576), 64))",
      "let ok := and(iszero(gt(returndatasize(),64)), staticcall(gas(), 7, add(p, 512), 96, add(p, 576), 64))",
    ],
  },
  {
    file: "contracts/libraries/Groth16BatchLib.sol",
    reason: BYTE_OF_KEY,
    before: "uint256 private constant ITEM_S0 = 64;",
    afters: ["uint256 private constant ITEM_S0 = (64 - 1);"],
  },
  {
    file: "contracts/libraries/Groth16BatchLib.sol",
    reason: FAR_FROM_WRAPPING,
    before: "++kept;",
    afters: ["unchecked { ++kept; }"],
  },
  {
    file: "contracts/libraries/Groth16BatchLib.sol",
    reason: ABOVE_PRICE,
    before: "uint256 private constant ADD_GAS = 4 * 150;",
    afters: ["uint256 private constant ADD_GAS = (4 - 1) * 150;"],
  },
  {
    file: "contracts/libraries/Groth16BatchLib.sol",
    reason: START_OF_SEARCH,
    before: "index = batch.lastKey;",
    afters: ["{}"],
  },
  {
    file: "contracts/libraries/Groth16Lib.sol",
    reason: LATER_CALLS,
    before: "ok := and(ok, and(eq(returndatasize(), 64), staticcall(gas(), 7, add(p, 384), 96, add(p, 512), 64)))",
    afters: ["ok := or(ok, and(eq(returndatasize(), 64), staticcall(gas(), 7, add(p, 384), 96, add(p, 512), 64)))"],
  },
  {
    file: "contracts/libraries/Groth16BatchLib.sol",
    reason: OVERWRITTEN,
    before: "mcopy(add(sum, 64), add(add(points, 128), shl(6, j)), 64)",
    afters: ["mcopy(add(sum, 64), add(add(points, 128), shl(6, j)), 65)"],
  },
  {
    file: "contracts/PaymentLedger.sol",
    reason: SAME_AT_EQUALITY,
    before: "uint256 taken = left < balance ? balance - left : 0;",
    afters: ["uint256 taken = left <= balance ? balance - left : 0;"],
  },
  {
    file: "contracts/libraries/Groth16Lib.sol",
    reason: BITS_OF_B,
    before: "let b := or(or(mload(add(p, 640)), mload(add(p, 672))), or(mload(add(p, 704)), mload(add(p, 736))))",
    afters: [
      "let b := and(or(mload(add(p, 640)), mload(add(p, 672))), or(mload(add(p, 704)), mload(add(p, 736))))",
      "let b := or(mload(add(p, 640)), mload(add(p, 672)))",
      "let b := or(mload(add(p, 704)), mload(add(p, 736)))",
      "let b := or(and(mload(add(p, 640)), mload(add(p, 672))), or(mload(add(p, 704)), mload(add(p, 736))))",
      "let b := or(mload(add(p, 640)), or(mload(add(p, 704)), mload(add(p, 736))))",
      "let b := or(mload(add(p, 672)), or(mload(add(p, 704)), mload(add(p, 736))))",
      "let b := or(or(mload(add(p, 640)), mload(add(p, 672))), and(mload(add(p, 704)), mload(add(p, 736))))",
      "let b := or(or(mload(add(p, 640)), mload(add(p, 672))), mload(add(p, 704)))",
      "let b := or(or(mload(add(p, 640)), mload(add(p, 672))), mload(add(p, 736)))",
    ],
  },
  {
    file: "contracts/libraries/Groth16BatchLib.sol",
    reason: BITS_OF_B,
    before: "let b := or(mload(add(item, 224)), mload(add(item, 256)))",
    afters: [
      "let b := and(mload(add(item, 224)), mload(add(item, 256)))",
      "let b := mload(add(item, 224))",
      "let b := mload(add(item, 256))",
    ],
  },
  {
    file: "contracts/libraries/Groth16BatchLib.sol",
    reason: BITS_OF_B,
    before: "b := or(b, or(mload(add(item, 288)), mload(add(item, 320))))",
    afters: [
      "b := and(b, or(mload(add(item, 288)), mload(add(item, 320))))",
      "b := b",
      "b := or(mload(add(item, 288)), mload(add(item, 320)))",
      "b := or(b, and(mload(add(item, 288)), mload(add(item, 320))))",
      "b := or(b, mload(add(item, 288)))",
      "b := or(b, mload(add(item, 320)))",
      "b := or(b, or(mload(add(item, 287)), mload(add(item, 320))))",
      "b := or(b, or(mload(add(item, 289)), mload(add(item, 320))))",
      "b := or(b, or(mload(add(item, 288)), mload(add(item, 319))))",
    ],
  },
  {
    file: "contracts/libraries/Groth16Lib.sol",
    reason: HALF_OF_C,
    before: "let c := or(mload(add(p, 192)), mload(add(p, 224)))",
    afters: ["let c := mload(add(p, 192))", "let c := mload(add(p, 224))"],
  },
  {
    file: "contracts/libraries/Groth16BatchLib.sol",
    reason: HALF_OF_C,
    before: "let c := or(mload(add(item, 352)), mload(add(item, 384)))",
    afters: ["let c := mload(add(item, 352))", "let c := mload(add(item, 384))"],
  },
];

export const CONTRACT_SURVIVORS: readonly ContractSurvivor[] = GROUPS.flatMap(({ afters, ...place }) =>
  afters.map((after) => ({ ...place, after })),
);
