import { Contract, type ContractRunner, type ContractTransactionResponse } from "ethers";

const ABI = [
  "function approve(address spender, uint256 amount) returns (bool)",
  "function balanceOf(address owner) view returns (uint256)",
];

/** The part of ERC-20 that buyers and sellers use. Amounts are in base units. */
export interface Erc20 {
  approve(spender: string, amount: bigint): Promise<ContractTransactionResponse>;
  balanceOf(owner: string): Promise<bigint>;
}

export const erc20At = (address: string, runner: ContractRunner): Erc20 =>
  new Contract(address, ABI, runner) as unknown as Erc20;
