import { InvalidArgumentError, Option, type Command } from "commander";
import { getAddress, isAddress } from "ethers";
import { TRANSFER_METHODS, type TransferMethod } from "../../src/agent/order.ts";
import { parsePositive } from "./modelOptions.ts";

export interface BuyOptions {
  readonly model?: string;
  readonly input?: string;
  readonly maxPrice?: bigint;
  readonly deadline: number;
  readonly token?: string;
  readonly record?: string;
  readonly network?: string;
  readonly rpc?: string;
  readonly keyFile?: string;
  readonly journal?: string;
  readonly perDay?: bigint;
  readonly method?: TransferMethod;
  readonly provider?: string;
  readonly graph?: string;
  readonly allowSelfSetup?: boolean;
  readonly again?: boolean;
  readonly signOnly?: string;
  readonly reclaim?: boolean;
  readonly json?: string;
}

export const withBuyOptions = (command: Command): Command =>
  command
    .argument("[url]", "address of the provider, such as https://provider.example")
    .option("--model <name>", "name of the model in the deployment record and with the provider")
    .option("--input <file>", '{"input_data": [[…flattened tensor…], …]}, one row a model input')
    .option("--max-price <amount>", "most that the inference may cost, in the token's base units", parseAmount)
    .option("--deadline <seconds>", "time to deliver, by the chain's clock", parsePositive, 600)
    .option("--token <address>", "ERC-20 to pay with; no other is signed for", parseAddress)
    .option("--record <file>", "deployment record that you trust: chain, contracts, models and keys")
    .option("--network <name>", "instead of --record: the record that deploy wrote for this network")
    .addOption(new Option("--rpc <url>", "your own node").env("TOLLGATE_RPC_URL"))
    .option("--key-file <file>", "private key of the wallet; else the variable TOLLGATE_BUYER_KEY")
    .option("--journal <file>", "what was signed and bought (default: build/agents/buyer-<chain>-<wallet>.db)")
    .option(
      "--per-day <amount>",
      "most that may be signed for in 24 hours (default: ten times --max-price)",
      parseAmount,
    )
    .option("--method <method>", `how the money travels: ${Object.keys(TRANSFER_METHODS).join(", ")}`, parseMethod)
    .option("--provider <address>", "account that is to be paid (default: whoever proves)", parseAddress)
    .option("--graph <file>", "graph.json of a model that the project does not bring")
    .option("--allow-self-setup", "trust keys that one party made alone, who can forge proofs")
    .option("--again", "buy even where the journal holds the answer")
    .option("--sign-only <folder>", "sign, and write request.json and payment-signature.txt for curl")
    .option("--reclaim", "get back the deposits of orders whose deadline passed, and withdraw credits")
    .option("--json <file>", "write the result here");

function parseAmount(text: string): bigint {
  if (/^[1-9][0-9]{0,38}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError("want a whole number of base units from 1 on.");
}

function parseAddress(text: string): string {
  if (isAddress(text) && BigInt(text) !== 0n) return getAddress(text);
  throw new InvalidArgumentError("want an address that is not zero.");
}

function parseMethod(text: string): TransferMethod {
  if (Object.hasOwn(TRANSFER_METHODS, text)) return text as TransferMethod;
  throw new InvalidArgumentError(`want ${Object.keys(TRANSFER_METHODS).join(", ")}.`);
}
