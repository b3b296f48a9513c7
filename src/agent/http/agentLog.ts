import { pino, type DestinationStream, type Logger } from "pino";
import { oneLine } from "../../errors.ts";

/** What no line may hold, wherever a caller puts it. */
const SECRETS = ["salt", "inputs", "opening", "signature", "fundingData", "privateKey", "key", "headers", "body"];
const FRAMES = 8;

/**
 * JSON lines, one an event. Handlers log paths, statuses and job ids; secrets are taken out at the first two levels of
 * what is logged, and an error is reduced to its name, its message without URLs and calldata, and where it was thrown.
 */
export const agentLog = (destination: DestinationStream, level = "info"): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), remove: true },
      serializers: { error: describeError },
    },
    destination,
  );

interface DescribedError {
  readonly name: string;
  readonly message: string;
  /** Where it was thrown, innermost first. */
  readonly stack: readonly string[];
}

/** An error without what its message may have picked up: access keys in URLs, and long hex such as signatures. */
export function describeError(error: unknown): string | DescribedError {
  if (!(error instanceof Error)) return withoutSecrets(String(error));
  const { shortMessage } = error as { shortMessage?: unknown };
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return {
    name: error.name,
    message: withoutSecrets(typeof shortMessage === "string" ? shortMessage : error.message),
    stack: frames.slice(0, FRAMES).map((line) => line.trim()),
  };
}

const withoutSecrets = (text: string): string =>
  oneLine(text)
    .replace(/\b[a-z]+:\/\/\S+/gi, "<url>")
    .replace(/0x[0-9a-f]{65,}/gi, "<bytes>")
    .replace(/\b\d{40,}\b/g, "<number>")
    .slice(0, 500);
