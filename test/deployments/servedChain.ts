import hre from "hardhat";
import { buildModule } from "@nomicfoundation/ignition-core";
import { CREATE_X } from "../../src/chain/createX.ts";
import { runIgnition } from "../../src/chain/deployment/runIgnition.ts";
import { chainOf, connectChain, type Chain } from "../../src/chain/localChain.ts";
import { startProxy, type RpcProxy } from "./rpcProxy.ts";

/** A chain inside this process that is reached over HTTP, as a public one is, through a proxy. */
export interface ServedChain {
  readonly chain: Chain;
  readonly proxy: RpcProxy;
  readonly rpc: (method: string, ...params: unknown[]) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** The first of Hardhat's development accounts, whose key everybody knows. */
export const DEVELOPMENT_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/** Serves a fresh chain. The name is of a network of hardhat.config.ts, whose URL and accounts are replaced. */
export async function serveChain(name: "localhost" | "sepolia", chainId: number): Promise<ServedChain> {
  const server = await hre.network.createServer({ network: "default", override: { chainId } }, "127.0.0.1", 0);
  const { port } = await server.listen();
  const proxy = await startProxy(`http://127.0.0.1:${port}`);
  const override = name === "sepolia" ? { url: proxy.url, accounts: [DEVELOPMENT_KEY] } : { url: proxy.url };
  const connection = await hre.network.create({ network: name, override });
  const close = async () => {
    await connection.close();
    await proxy.close();
    await server.close();
  };
  const rpc = (method: string, ...params: unknown[]) => connection.provider.request({ method, params });
  return { chain: chainOf(connection), proxy, rpc, close };
}

/** The code of CreateX, from a development chain where Ignition puts it. */
export async function factoryCode(): Promise<string> {
  const chain = await connectChain();
  const [{ address }] = await chain.ethers.getSigners();
  const module = buildModule("Factory", (m) => ({ any: m.contract("ModelRegistry") }));
  await runIgnition({
    module,
    provider: chain.rpc,
    sender: address,
    folder: undefined,
    pollingInterval: 1,
    onConfirmed: () => {},
  });
  const code = await chain.ethers.provider.getCode(CREATE_X);
  await chain.close();
  return code;
}
