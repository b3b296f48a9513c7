import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { NetworkConnection } from "hardhat/types/network";
import type { Hex, Job } from "../../src/codec/statement.ts";
import { FUNDING } from "../../src/codec/statement.ts";
import { AMOUNT, deployMarket } from "./market.ts";
import { PERMIT2, deployPermit2 } from "./permit2Code.ts";

export const NATIVE = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE";
export const BOND = 300_000n;
export const [NONE, FUNDED, ACCEPTED, SETTLED, REFUNDED, REVOKED] = [0n, 1n, 2n, 3n, 4n, 5n];

/** Ways of paying; a permit is an allowance given by signature. */
export const WAYS = ["allowance", "permit", "authorization", "native", "permit2"] as const;
export type Way = (typeof WAYS)[number];

const field = (type: string, ...names: string[]) => names.map((name) => ({ name, type }));
export const JOB = {
  Job: [
    ...field("address", "client", "provider", "token"),
    ...field("uint256", "amount", "bond", "modelId"),
    ...field("bytes32", "inputCommitment"),
    ...field("uint64", "acceptBy", "deadline"),
    ...field("uint8", "funding"),
    ...field("uint256", "nonce"),
  ],
};
export const PERMIT = {
  Permit: [...field("address", "owner", "spender"), ...field("uint256", "value", "nonce", "deadline")],
};
const AUTHORIZATION = [
  ...field("address", "from", "to"),
  ...field("uint256", "value", "validAfter", "validBefore"),
  ...field("bytes32", "nonce"),
];
const TRANSFER = {
  PermitTransferFrom: [
    ...field("TokenPermissions", "permitted"),
    ...field("address", "spender"),
    ...field("uint256", "nonce", "deadline"),
  ],
  TokenPermissions: [...field("address", "token"), ...field("uint256", "amount")],
};

/** What a job's party signs to pay; every part can be another than it should be. */
export interface Signing {
  readonly signer: HardhatEthersSigner;
  readonly amount: bigint;
  readonly nonce: bigint;
  readonly spender: string;
  readonly type?: "ReceiveWithAuthorization" | "TransferWithAuthorization";
  readonly token?: string;
  readonly validAfter?: bigint;
  readonly until?: bigint;
}

/** A market whose job asks for a bond, paid in one way, and with all that its parties sign. */
export async function deployBondMarket(connection: NetworkConnection, way: Way = "allowance") {
  const { ethers } = connection;
  const market = await deployMarket(connection);
  const { escrow, client, provider, terms, chainId } = market;
  const dollar = await ethers.deployContract("AuthorizationToken");
  const token = await dollar.getAddress();
  if (way === "permit2") await deployPermit2(connection);
  const funding = FUNDING[way === "permit" ? "allowance" : way];
  const collector = await ethers.getContractAt("FundingCollector", await escrow.collectorOf(funding));
  const spender = await collector.getAddress();
  for (const party of [client, provider]) {
    await dollar.mint(party, 100n * AMOUNT);
    if (way === "allowance") await dollar.connect(party).approve(spender, 100n * AMOUNT);
    if (way === "permit2") await dollar.connect(party).approve(PERMIT2, 100n * AMOUNT);
  }
  const job: Job = {
    ...terms,
    token: way === "native" ? NATIVE : token,
    bond: BOND,
    acceptBy: terms.deadline - 1_800n,
    funding,
  };
  const until = terms.deadline;
  const encode = (types: string[], values: unknown[]): Hex => ethers.AbiCoder.defaultAbiCoder().encode(types, values);
  const domain = { name: "Signed Dollar", version: "1", chainId, verifyingContract: token };

  const sign = {
    permit: async ({ signer, amount, nonce, spender: to, until: deadline = until, token: other = token }: Signing) => {
      const message = { owner: signer.address, spender: to, value: amount, nonce, deadline };
      const signature = await signer.signTypedData({ ...domain, verifyingContract: other }, PERMIT, message);
      const { v, r, s } = ethers.Signature.from(signature);
      return encode(["uint256", "uint8", "bytes32", "bytes32"], [deadline, v, r, s]);
    },
    authorization: async (signing: Signing) => {
      const { signer, amount, nonce, spender: to, validAfter = 0n, until: validBefore = until + 9n } = signing;
      const { type = "ReceiveWithAuthorization", token: other = token } = signing;
      const message = {
        from: signer.address,
        to,
        value: amount,
        validAfter,
        validBefore,
        nonce: ethers.toBeHex(nonce, 32),
      };
      const types = { [type]: AUTHORIZATION };
      const signature = await signer.signTypedData({ ...domain, verifyingContract: other }, types, message);
      const { v, r, s } = ethers.Signature.from(signature);
      return encode(["uint256", "uint256", "uint8", "bytes32", "bytes32"], [validAfter, validBefore, v, r, s]);
    },
    permit2: async ({ signer, amount, nonce, spender: to, until: deadline = until, token: other = token }: Signing) => {
      const message = { permitted: { token: other, amount }, spender: to, nonce, deadline };
      const permit2 = { name: "Permit2", chainId, verifyingContract: PERMIT2 };
      return encode(["uint256", "bytes"], [deadline, await signer.signTypedData(permit2, TRANSFER, message)]);
    },
  };
  /** What makes `signer` pay `amount` for a job, in this market's way. */
  const dataFor = async (of: Job, signer: HardhatEthersSigner, amount: bigint): Promise<Hex> => {
    if (way === "allowance" || way === "native") return "0x";
    const nonce = way === "permit" ? await dollar.nonces(signer) : BigInt(market.jobId(of));
    return sign[way]({ signer, amount, nonce, spender });
  };
  const valueOf = (amount: bigint) => ({ value: way === "native" ? amount : 0n });
  const open = async (of: Job = job) =>
    escrow.connect(client).open(of, await dataFor(of, client, of.amount), valueOf(of.amount));
  const accept = async (of: Job = job) =>
    escrow.connect(provider).accept(of, await dataFor(of, provider, of.bond), valueOf(of.bond));
  const consent = async (of: Job = job, signer: { signTypedData: HardhatEthersSigner["signTypedData"] } = client) => {
    const verifyingContract = await escrow.getAddress();
    return signer.signTypedData(
      { name: "Tollgate InferenceEscrow", version: "1", chainId, verifyingContract },
      JOB,
      of,
    );
  };
  const credits = async () => ({
    client: await escrow.creditOf(client, job.token),
    provider: await escrow.creditOf(provider, job.token),
  });
  return { ...market, dollar, token, collector, spender, job, sign, dataFor, open, accept, consent, credits };
}

/** For `loadFixture`, which wants functions with names: a market for each way of paying. */
export const bondMarkets = (connection: NetworkConnection) => ({
  allowance: () => deployBondMarket(connection, "allowance"),
  permit: () => deployBondMarket(connection, "permit"),
  authorization: () => deployBondMarket(connection, "authorization"),
  native: () => deployBondMarket(connection, "native"),
  permit2: () => deployBondMarket(connection, "permit2"),
});

/** One job for each field, which is another there. */
export const withEachFieldChanged = (job: Job, address: string): Job[] => [
  { ...job, client: address },
  { ...job, provider: address },
  { ...job, token: address },
  { ...job, amount: job.amount + 1n },
  { ...job, bond: job.bond + 1n },
  { ...job, modelId: job.modelId + 1n },
  { ...job, inputCommitment: `0x${"0".repeat(63)}5` },
  { ...job, acceptBy: job.acceptBy - 1n },
  { ...job, deadline: job.deadline + 1n },
  { ...job, funding: job.funding === 1 ? 4 : 1 },
  { ...job, nonce: job.nonce + 1n },
];
