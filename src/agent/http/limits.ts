/** What one provider takes from its clients. Sizes in bytes, times in seconds. */
export interface Limits {
  /** Requests a minute from one address; an IPv6 network of 64 bits counts as one. */
  readonly requestsPerMinute: number;
  /** Requests in work at once, those that wait for a proof among them. */
  readonly requests: number;
  /** Of them from one address, counted in the same way. */
  readonly requestsPerClient: number;
  /** Streams of events at once, and from one address, and the longest life of one: a client that wants more connects again. */
  readonly streams: number;
  readonly streamsPerClient: number;
  readonly streamSeconds: number;
  readonly heartbeatSeconds: number;
  /** Longest time that a request waits for its result, and how long it does unless it says. */
  readonly waitSeconds: number;
  readonly defaultWaitSeconds: number;
  /** Of a body, whatever a model's inputs need. */
  readonly bodyBytes: number;
  /** Of all headers together. */
  readonly headerBytes: number;
  readonly connections: number;
  /** From one address; not counted behind a trusted proxy, whose connections are all clients'. */
  readonly connectionsPerClient: number;
  readonly requestsPerConnection: number;
  /** Until the headers have arrived, and until the body has. */
  readonly headersSeconds: number;
  readonly requestSeconds: number;
  /** How long a connection stays open without a request, and without a byte while one is answered. */
  readonly keepAliveSeconds: number;
  readonly idleSeconds: number;
  /** What requests in work have to end when the server closes. */
  readonly graceSeconds: number;
}

export const DEFAULT_LIMITS: Limits = {
  requestsPerMinute: 600,
  requests: 512,
  requestsPerClient: 128,
  streams: 256,
  streamsPerClient: 64,
  streamSeconds: 600,
  heartbeatSeconds: 15,
  waitSeconds: 60,
  defaultWaitSeconds: 20,
  bodyBytes: 4 * 2 ** 20,
  headerBytes: 32 * 2 ** 10,
  connections: 1_024,
  connectionsPerClient: 256,
  requestsPerConnection: 1_000,
  headersSeconds: 10,
  requestSeconds: 30,
  keepAliveSeconds: 5,
  idleSeconds: 120,
  graceSeconds: 3,
};
