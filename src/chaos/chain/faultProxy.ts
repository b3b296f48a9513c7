import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Hex } from "../../codec/statement.ts";
import type { Random } from "../../fuzz/random.ts";
import type { ChaosChain } from "./chaosChain.ts";
import type { FaultPlan } from "./faultPlan.ts";
import { lie } from "./lies.ts";
import { type Ask, replyOf, type RpcReply } from "./nodeRpc.ts";

/** Longest delay before or after a call, in milliseconds. */
const MAX_DELAY = 120;

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params?: readonly unknown[];
}

/** Path of requests that meet no faults. */
const DIRECT = "/direct";

/** A node as agents see it through faults. */
export interface FaultProxy {
  /** Where the node is reached without faults. */
  readonly direct: string;
  /** Where agents of one run reach the node until the next one begins; without a plan all calls pass. */
  readonly begin: (plan?: FaultPlan) => string;
  readonly close: () => Promise<void>;
}

interface Handling {
  readonly ask: Ask;
  readonly chain: ChaosChain;
  /** The path of the present run's requests: what an earlier one left behind is cut off. */
  path: string;
  plan: FaultPlan | undefined;
}

/** Stands between agents and the node of a chain. Sees every transaction that reaches the node, for later branches. */
export async function startFaultProxy(ask: Ask, chain: ChaosChain): Promise<FaultProxy> {
  const handling: Handling = { ask, chain, path: DIRECT, plan: undefined };
  const server = createServer((request, response) => {
    handle(request, response, handling).catch(() => request.socket.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  let runs = 0;
  return {
    direct: `${url}${DIRECT}`,
    begin: (plan) => {
      Object.assign(handling, { path: `/${++runs}`, plan });
      return `${url}${handling.path}`;
    },
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function handle(request: IncomingMessage, response: ServerResponse, handling: Handling): Promise<void> {
  const call = await readCall(request);
  const isDirect = request.url === DIRECT;
  const isPresent = () => isDirect || request.url === handling.path;
  const reply = await answer(call, handling, isPresent, isDirect ? undefined : handling.plan);
  if (reply === undefined) return void request.socket.destroy();
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ jsonrpc: "2.0", id: call.id, ...reply }));
}

async function readCall(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as Call;
}

/** The reply to a call; undefined where the connection is cut instead. */
async function answer(
  { method, params = [] }: Call,
  { ask, chain }: Handling,
  isPresent: () => boolean,
  plan: FaultPlan | undefined,
): Promise<RpcReply | undefined> {
  if (!isPresent()) return undefined;
  const truth = () => chain.exclusively(() => pass({ ask, chain }, method, params, isPresent));
  if (plan === undefined) return truth();
  const { kind, random } = plan.fateOf(method);
  switch (kind) {
    case "dropBefore":
      return undefined;
    case "dropAfter":
      return truth().then(() => undefined);
    case "refuse":
      return { error: { code: -32_005, message: "limit exceeded" } };
    case "duplicate":
      return twice(truth, random);
    case "delay":
      return delayed(truth, random);
    case "lie":
      return lie(method, { params, truth, ask, random });
    case "pass":
      return truth();
  }
}

/** Sends a request of the present run, and remembers the transaction that the node took. */
async function pass(
  { ask, chain }: Pick<Handling, "ask" | "chain">,
  method: string,
  params: readonly unknown[],
  isPresent: () => boolean,
): Promise<RpcReply> {
  if (!isPresent()) return { error: { code: -32_000, message: "this run is over" } };
  const reply = await replyOf(ask, method, params);
  if (method === "eth_sendRawTransaction" && "result" in reply) chain.noteRaw(params[0] as Hex);
  return reply;
}

async function twice(truth: () => Promise<RpcReply>, random: Random): Promise<RpcReply> {
  const replies = [await truth(), await truth()];
  return random.pick(replies);
}

/** Late on its way there, or on its way back. */
async function delayed(truth: () => Promise<RpcReply>, random: Random): Promise<RpcReply> {
  const wait = 1 + random.below(MAX_DELAY);
  if (random.oneIn(2)) {
    await sleep(wait);
    return truth();
  }
  const reply = await truth();
  await sleep(wait);
  return reply;
}
