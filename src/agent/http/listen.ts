import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { InputError } from "../../errors.ts";
import { countedAs } from "./clientLimits.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { PROBLEM_TYPE, problemOf, type ProblemCode } from "./problems.ts";

/** Milliseconds between looks for requests that are too slow. */
const SLOW_CHECK = 1_000;

export interface Listening {
  readonly url: string;
  /** Takes no more requests, lets those in work end, and then cuts them. */
  readonly close: () => Promise<void>;
}

interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Whether connections come from a proxy. */
  readonly trustProxy?: boolean;
  readonly limits?: Limits;
}

/** Serves an app over HTTP/1.1 with the limits that keep slow and large clients out. `port` 0 takes any that is free. */
export async function listen(
  app: { readonly fetch: (request: Request, env: HttpBindings) => Response | Promise<Response> },
  { host, port, trustProxy = false, limits = DEFAULT_LIMITS }: ListenOptions,
): Promise<Listening> {
  const listener = getRequestListener((request, env) => app.fetch(request, env as HttpBindings), {
    errorHandler: refuseRequest,
  });
  const options = {
    headersTimeout: limits.headersSeconds * 1000,
    requestTimeout: limits.requestSeconds * 1000,
    keepAliveTimeout: limits.keepAliveSeconds * 1000,
    connectionsCheckingInterval: SLOW_CHECK,
    maxHeaderSize: limits.headerBytes,
  };
  const server = createServer(options, (incoming, outgoing) => void listener(incoming, outgoing));
  server.maxConnections = limits.connections;
  if (!trustProxy) limitConnections(server, limits.connectionsPerClient);
  server.maxRequestsPerSocket = limits.requestsPerConnection;
  server.setTimeout(limits.idleSeconds * 1000);
  server.on("clientError", refuseUnreadable);
  await listenOn(server, host, port);
  return { url: urlOf(host, (server.address() as AddressInfo).port), close: () => close(server, limits.graceSeconds) };
}

/** Hangs up on an address that holds its share of the connections already: others' are not for it to take. */
function limitConnections(server: Server, perClient: number): void {
  const open = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const client = countedAs(socket.remoteAddress);
    const own = (open.get(client) ?? 0) + 1;
    if (own > perClient) return void socket.destroy();
    open.set(client, own);
    socket.once("close", () => {
      const left = open.get(client)! - 1;
      if (left > 0) open.set(client, left);
      else open.delete(client);
    });
  });
}

const listenOn = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(new InputError(`${host}:${port}: cannot be listened on (${error.code})`, { cause: error })),
    );
    server.listen(port, host, resolve);
  });

const urlOf = (host: string, port: number): string => `http://${host.includes(":") ? `[${host}]` : host}:${port}`;

async function close(server: Server, graceSeconds: number): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), graceSeconds * 1000);
  await closed;
  clearTimeout(cut);
}

/** A request without a path or host that could be read; what the app throws it answers itself. */
function refuseRequest(): Response {
  const problem = problemOf("malformed-request", "the request's path or host cannot be read");
  const headers = { "Content-Type": PROBLEM_TYPE, Connection: "close" };
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

const UNREADABLE: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: "headers-too-large",
  ERR_HTTP_REQUEST_TIMEOUT: "request-timeout",
};

/** Answers what is not HTTP, or too slow or too large to become a request, and hangs up. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const problem = problemOf(
    UNREADABLE[error.code ?? ""] ?? "malformed-request",
    "the request is not HTTP as it should be",
  );
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
