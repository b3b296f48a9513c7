import type { DeploymentRecord } from "../../chain/record.ts";
import type { Desk } from "../provider/desk.ts";
import { modelSummary } from "./bodies.ts";

/** Names what `params` of the extension hold. */
export const CARD_EXTENSION = "urn:tollgate:escrow:1";
/** Of A2A's card format. The provider does not speak A2A's messages: its one interface is x402 over HTTP. */
const A2A_VERSION = "1.0";
const PROTOCOL_BINDING = "x402";

/** The agent card of A2A's discovery: what the provider sells, and where, on which chain and under which contracts. */
export const agentCard = (desk: Desk, { contracts }: DeploymentRecord, version: string, url: string) => ({
  name: "Tollgate provider",
  description: "Sells inferences of quantised models; each comes with a proof and is paid for only against it.",
  version,
  protocolVersion: A2A_VERSION,
  url,
  preferredTransport: PROTOCOL_BINDING,
  supportedInterfaces: [{ url, protocolBinding: PROTOCOL_BINDING, protocolVersion: "2" }],
  capabilities: {
    streaming: true,
    pushNotifications: false,
    extensions: [
      {
        uri: CARD_EXTENSION,
        description: "Payment by x402 v2 with the scheme tollgate-escrow.",
        required: true,
        params: {
          chainId: String(desk.chainId),
          provider: desk.provider,
          contracts: {
            ModelRegistry: contracts.ModelRegistry.address,
            InferenceEscrow: contracts.InferenceEscrow.address,
            PrepaidOrders: contracts.PrepaidOrders.address,
          },
          models: desk.offers.map(modelSummary),
        },
      },
    ],
  },
  defaultInputModes: ["application/json"],
  defaultOutputModes: ["application/json"],
  skills: desk.offers.map(({ name, title, model: { graph } }) => ({
    id: name,
    name: title,
    description: `POST /models/${name}/infer: ${describe(graph.inputs)} → ${describe(graph.outputs)}`,
    tags: ["inference", "zero-knowledge", "x402"],
  })),
});

const describe = (tensors: readonly { readonly name: string; readonly shape: readonly number[] }[]): string =>
  tensors.map(({ name, shape }) => `${name} ${shape.join("×")}`).join(", ");
