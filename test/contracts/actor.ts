import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { BaseContract } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

/** An account with a key and, by EIP-7702, with code, through which anybody calls: its calls are never its transactions. */
export async function deployActor({ ethers, networkHelpers }: NetworkConnection) {
  const account = new ethers.Wallet(ethers.id("actor"), ethers.provider);
  await networkHelpers.setBalance(account.address, 10n ** 18n);
  const code = await ethers.deployContract("ContractWallet", [account, 0]);
  const authorization = await account.authorize({ address: await code.getAddress(), nonce: 1 });
  await account.sendTransaction({ type: 4, to: account.address, authorizationList: [authorization] });
  const wallet = await ethers.getContractAt("ContractWallet", account.address);

  /** The actor calls a function in a transaction of `sender`. */
  const actBy = (
    sender: HardhatEthersSigner,
    contract: BaseContract,
    name: string,
    args: readonly unknown[],
    value = 0n,
  ) => wallet.connect(sender).execute(contract, contract.interface.encodeFunctionData(name, args), { value });
  return { account, self: account.address, wallet, actBy };
}
