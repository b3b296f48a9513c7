import type { AgentChain } from "../../src/agent/agentChain.ts";
import type { Offer } from "../../src/agent/provider/offer.ts";
import type { ModelRecord } from "../../src/chain/record.ts";
import { InputError, onFile } from "../../src/errors.ts";
import { readModelFiles, type ModelFiles } from "../../src/model/modelFiles.ts";
import type { KeyedModel } from "../../src/model/setupModel.ts";
import { modelPath } from "./modelOptions.ts";
import { keyOf, requireKeys } from "./planModels.ts";
import type { ServeOptions } from "./serveOptions.ts";
import type { ServedToken } from "./serveToken.ts";

/**
 * The models that are sold, each with the key that it was registered with. Throws InputError for a model that the deployment record does not have, has with another key, or that takes no new jobs.
 */
export async function readOffers(chain: AgentChain, token: ServedToken, options: ServeOptions): Promise<Offer[]> {
  const { model: prices, maxSeconds } = options;
  requireKeys({ ...options, model: [...prices.keys()] }, chain.chainId);
  const sold = new Map<string, { readonly files: ModelFiles; readonly registered: ModelRecord }>();
  for (const given of prices.keys()) {
    const path = modelPath(given);
    const files = await onFile(path, "read", () => readModelFiles(path));
    if ([...sold.values()].some(({ files: { name } }) => name === files.name))
      throw new InputError(`--model ${given}: ${files.name} has a price already`);
    sold.set(given, { files, registered: await liveRegistration(chain, files.name) });
  }
  const methods: Offer["methods"] = [...(token.domain ? (["eip3009"] as const) : []), "allowance", "prepaid"];
  const offers: Offer[] = [];
  for (const [given, { files, registered }] of sold) {
    const { name, config } = files;
    const { model, zkeyPath } = await keyOf(given, options);
    requireRegistered(name, model, registered);
    offers.push({
      name,
      title: config?.title ?? name,
      model: { ...model, ...model.circuit, zkeyPath },
      modelId: BigInt(registered.modelId),
      setup: registered.setup,
      token: token.address,
      tokenDomain: token.domain,
      price: prices.get(given)!,
      maxSeconds,
      methods,
    });
  }
  return offers;
}

async function liveRegistration({ record, registry }: AgentChain, name: string): Promise<ModelRecord> {
  const known = Object.keys(record.models).join(", ") || "none";
  if (!Object.hasOwn(record.models, name))
    throw new InputError(`--model ${name}: is not in the deployment record, which has ${known}`);
  const registered = record.models[name];
  const terms = await registry.termsOf(registered.modelId);
  if (terms.keyId !== registered.keyId)
    throw new InputError(`${name}: has key ${terms.keyId} on chain, the deployment record says ${registered.keyId}`);
  if (terms.deprecated) throw new InputError(`${name}: is deprecated and takes no new jobs`);
  if (await registry.isStopped(registered.keyId))
    throw new InputError(`${name}: its key ${registered.keyId} was stopped by a contradiction`);
  return registered;
}

function requireRegistered(name: string, { keyId, modelHash }: KeyedModel, registered: ModelRecord): void {
  if (keyId !== registered.keyId)
    throw new InputError(
      `${name}: the key here is ${keyId}, the registered one ${registered.keyId}; give --key ${name}=FOLDER`,
    );
  if (modelHash !== registered.modelHash)
    throw new InputError(
      `${name}: the model's hash here is ${modelHash}, the registered one's ${registered.modelHash}`,
    );
}
