import { AbiCoder, getCreate2Address, id, keccak256 } from "ethers";

/** The factory CreateX v1.0.0, at one address on all chains that have it; Ignition's `create2` strategy calls it. */
export const CREATE_X = "0xba5Ed099633D3B313e4D5F7bdc1305d3c28ba5Ed";

/** keccak-256 of its code. */
export const CREATE_X_CODE_HASH = "0xbd8a7ea8cfca7b4e5f5041d7d4b17bc317c5ce42cfbc42066a00cf26b43eb53f";

/** Topic of the factory's event that names a new contract (its first indexed argument). */
export const CREATED_TOPIC = id("ContractCreation(address,bytes32)");

/**
 * The salt of every deployment: equal code and arguments have equal addresses on all chains. Its first 20 bytes are neither
 * zero nor a sender, so the factory binds it to neither sender nor chain: who deploys does not matter.
 */
export const DEPLOYMENT_SALT = id("Tollgate deployment 1");

/** Where the factory puts a contract with this creation code, arguments included. */
export const create2Address = (initCode: string): string =>
  getCreate2Address(CREATE_X, guardedSalt, keccak256(initCode));

/** The factory hashes salts that are bound to nothing. */
const guardedSalt = keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32"], [DEPLOYMENT_SALT]));
