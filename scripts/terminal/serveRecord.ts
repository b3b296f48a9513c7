import { JsonRpcProvider } from "ethers";
import { DeploymentRecord, readRecord } from "../../src/chain/record.ts";
import { InputError } from "../../src/errors.ts";
import { parseJsonFile } from "../../src/jsonFile.ts";
import { callerPath } from "./callerPath.ts";
import type { ServeOptions } from "./serveOptions.ts";

/** The deployment record that the options name. */
export async function readServedRecord({ network, record, rpc }: ServeOptions): Promise<DeploymentRecord> {
  if ((network === undefined) === (record === undefined))
    throw new InputError("want the deployment: give --network NAME or --record FILE, one of them");
  if (record !== undefined) return parseJsonFile(callerPath(record), DeploymentRecord);
  return readRecord(network!, await chainIdAt(rpc));
}

async function chainIdAt(rpc: string): Promise<number> {
  const provider = new JsonRpcProvider(rpc, undefined, { batchMaxCount: 1 });
  try {
    // By `send`: an ethers provider that looks for its network tries for ever.
    return Number(await provider.send("eth_chainId", []));
  } finally {
    provider.destroy();
  }
}
