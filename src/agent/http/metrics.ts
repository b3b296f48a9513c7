import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { Health } from "../provider/desk.ts";
import type { ProvingPool } from "../proving/provingPool.ts";
import { STATUSES } from "./schemas.ts";

const HTTP_SECONDS = [0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 20, 60];
const PROVING_SECONDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300];

/** What Prometheus reads of a provider, in a registry of its own. */
export interface ProviderMetrics {
  readonly registry: Registry;
  readonly httpSeconds: Histogram<"method" | "route" | "status">;
  readonly refusals: Counter<"code">;
  readonly proofs: Counter<"model" | "outcome">;
  readonly provingSeconds: Histogram<"model">;
  /** Sets the gauges that are read when Prometheus asks. */
  readonly showHealth: (health: Health) => void;
}

export function providerMetrics(): ProviderMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
  const jobs = new Gauge({
    name: "tollgate_jobs",
    help: "Jobs that are not over, by status",
    labelNames: ["status"],
    registers,
  });
  const healthy = gauge("tollgate_healthy", "1 where the provider can take work");
  const proving = gauge("tollgate_proving", "Tasks that wait for a proof or are worked on");
  const balance = gauge("tollgate_balance_wei", "Wei of the sender's account");
  const block = gauge("tollgate_block_number", "Last block seen");
  const blockTime = gauge("tollgate_block_timestamp_seconds", "Time of the last block seen, unix seconds");
  return {
    registry,
    httpSeconds: new Histogram({
      name: "tollgate_http_request_seconds",
      help: "Time until an answer began, waiting for proofs included",
      labelNames: ["method", "route", "status"],
      buckets: HTTP_SECONDS,
      registers,
    }),
    refusals: new Counter({
      name: "tollgate_refusals_total",
      help: "Requests that were answered with a problem, by its code",
      labelNames: ["code"],
      registers,
    }),
    proofs: new Counter({
      name: "tollgate_proofs_total",
      help: "Proofs made or failed, by model",
      labelNames: ["model", "outcome"],
      registers,
    }),
    provingSeconds: new Histogram({
      name: "tollgate_proving_seconds",
      help: "Time of a proof on its worker, by model",
      labelNames: ["model"],
      buckets: PROVING_SECONDS,
      registers,
    }),
    showHealth: (health) => {
      for (const status of STATUSES) jobs.set({ status }, health.jobs[status] ?? 0);
      healthy.set(health.ok ? 1 : 0);
      proving.set(health.proving);
      if (health.balance !== undefined) balance.set(Number(health.balance));
      if (health.block !== undefined) block.set(health.block.number);
      if (health.block !== undefined) blockTime.set(Number(health.block.timestamp));
    },
  };
}

/** A proving pool that counts its proofs and their seconds. */
export const countProofs = (pool: ProvingPool, { proofs, provingSeconds }: ProviderMetrics): ProvingPool => ({
  secondsUntilProven: (model, ahead) => pool.secondsUntilProven(model, ahead),
  forget: (subject) => pool.forget(subject),
  close: () => pool.close(),
  prove: async (task, signal) => {
    try {
      const proven = await pool.prove(task, signal);
      proofs.inc({ model: task.model, outcome: "proven" });
      provingSeconds.observe({ model: task.model }, proven.seconds);
      return proven;
    } catch (error) {
      if (signal?.aborted !== true) proofs.inc({ model: task.model, outcome: "failed" });
      throw error;
    }
  },
});
