import { buildModule, type Future, type IgnitionModule } from "@nomicfoundation/ignition-core";
import type { Layout } from "../../src/chain/deployment/plan.ts";

const MODULE = "Tollgate";

/** What Ignition calls a step in its journal. */
export const futureId = (step: string): string => `${MODULE}#${step}`;

/**
 * The deployment as an Ignition module. Ids name what they stand for, so one journal serves however models are added. The
 * steps in `found` were done by somebody else, or by a run whose journal is lost: contracts are used as they are, calls left out.
 */
export const tollgateModule = (
  { addresses, steps }: Layout,
  found: ReadonlySet<string>,
): IgnitionModule<string, string, Record<string, never>> =>
  buildModule(MODULE, (m) => {
    const contract = (id: keyof typeof addresses, args: readonly (string | number)[], after: readonly Future[]) =>
      found.has(id)
        ? m.contractAt(id, addresses[id], { id: `${id}Found` })
        : m.contract(id, [...args], { id, after: [...after] });
    const registry = contract("ModelRegistry", [], []);
    let key: Future | undefined;
    for (const step of steps) {
      if (step.kind === "contract" && step.id !== "ModelRegistry") contract(step.id, step.arguments, [registry]);
      if (step.kind === "key") key = found.has(step.id) ? undefined : publish(step.id, step.model);
      if (step.kind !== "model" || found.has(step.id)) continue;
      // Not `m.call`: Ignition has no name for an overload that takes a struct.
      m.send(step.id, registry, 0n, step.data, { after: key === undefined ? [registry] : [key] });
    }
    return {};

    function publish(id: string, model: { key: object; wordCount: number }): Future {
      return m.call(registry, "publishKey", [model.key as never, model.wordCount], { id });
    }
  });
