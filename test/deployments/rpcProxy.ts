import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What a proxy does with a call: passes it on, or hangs up before or after it has reached the node. */
export type Fate = "pass" | "dropBefore" | "dropAfter";

/** A node as seen through a connection that a test controls. */
export interface RpcProxy {
  readonly url: string;
  /** Decides about each call; passes everything on until it is set. */
  fate: (call: RpcCall) => Fate;
  /** Changes what the node answered; nothing until it is set. */
  answer: (call: RpcCall, result: unknown) => unknown;
  /** Passes everything on again, as it is. */
  readonly reset: () => void;
  readonly close: () => Promise<void>;
}

/** Stands between a test and a node's JSON-RPC. */
export async function startProxy(node: string): Promise<RpcProxy> {
  const fate = (): Fate => "pass";
  const answer = (_: RpcCall, result: unknown) => result;
  const reset = () => void Object.assign(proxy, { fate, answer });
  const proxy: RpcProxy = { url: "", fate, answer, reset, close: async () => {} };
  const server = createServer((request, response) => void serve(request, response, node, proxy));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const close = () =>
    new Promise<void>((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    });
  const { port } = server.address() as AddressInfo;
  return Object.assign(proxy, { url: `http://127.0.0.1:${port}`, close });
}

async function serve(request: IncomingMessage, response: ServerResponse, node: string, proxy: RpcProxy): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const call = JSON.parse(body) as RpcCall;
  const fate = proxy.fate(call);
  if (fate === "dropBefore") return void request.socket.destroy();
  const headers = { "content-type": "application/json" };
  const answered = await fetch(node, { method: "POST", headers, body });
  const reply = (await answered.json()) as { result?: unknown };
  if (fate === "dropAfter") return void request.socket.destroy();
  if (reply.result !== undefined) reply.result = proxy.answer(call, reply.result);
  response.writeHead(200, headers).end(JSON.stringify(reply));
}
