import { serve } from "@hono/node-server";
import {
  decodePaymentSignatureHeader,
  encodePaymentRequiredHeader,
  encodePaymentResponseHeader,
} from "@x402/core/http";
import type { PaymentRequirements } from "@x402/core/types";
import { Wallet } from "ethers";
import { Hono } from "hono";
import { connectAgent, type AgentChain } from "../../agent/agentChain.ts";
import { idOfOrder, type Order } from "../../agent/order.ts";
import { networkOf, orderOf, SCHEME } from "../../agent/scheme/terms.ts";
import { DeploymentRecord, type ModelRecord } from "../../chain/record.ts";
import { describeRevert } from "../../chain/revert.ts";
import { toCalldata, type Proof } from "../../groth16/proof.ts";
import { parseJsonFile } from "../../jsonFile.ts";
import { TOKEN_DOMAIN } from "./tradingPlace.ts";

/**
 * A provider that wants the money and not the work, in a process of its own: `node cheatingProvider RPC_URL RECORD MODEL
 * TOKEN PRICE`, its key in CHEAT_KEY. It takes the deposit into the escrow as an honest one would, and then shows a proof that
 * is valid: of another input, for another subject, which everybody can find in the deployment record.
 */
const [, , rpcUrl, recordPath, name, token, price] = process.argv;
const record = await parseJsonFile(recordPath, DeploymentRecord);
const model = record.models[name];
const chain = await connectAgent(rpcUrl, record);
const wallet = new Wallet(process.env.CHEAT_KEY!, chain.provider);
const requirements = requirementsOf(model);

const app = new Hono();
app.post(`/models/${name}/infer`, async (context) => {
  const header = context.req.header("PAYMENT-SIGNATURE");
  if (header === undefined) {
    const resource = { url: context.req.url, description: name, mimeType: "application/json" };
    const required = encodePaymentRequiredHeader({ x402Version: 2, resource, accepts: [requirements] });
    return context.json({}, 402, { "PAYMENT-REQUIRED": required });
  }
  const order = orderOf(decodePaymentSignatureHeader(header), requirements);
  await takeDeposit(chain, order);
  const { words, proof } = model.knownGoodProof;
  console.log(`settle: ${await trySettling(chain, order)}`);
  const answer = { jobId: idOfOrder(order, chain.chainId), contract: order.contract, model: name, words, proof };
  const settlement = { transaction: model.transaction, blockNumber: 1 };
  const response = { success: true, transaction: model.transaction, network: networkOf(chain.chainId) };
  return context.json({ ...answer, status: "settled", outputs: [], settlement }, 200, {
    "PAYMENT-RESPONSE": encodePaymentResponseHeader(response),
  });
});
serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => console.log(`http://127.0.0.1:${port}`));
process.stdin.resume().on("end", () => process.exit());

function requirementsOf({ modelId, keyId }: ModelRecord): PaymentRequirements {
  const { InferenceEscrow, AuthorizationCollector } = record.contracts;
  const extra = {
    assetTransferMethod: "eip3009",
    paymentFlow: "escrow",
    contract: InferenceEscrow.address,
    collector: AuthorizationCollector.address,
    modelId: String(BigInt(modelId)),
    keyId,
    model: name,
    name: TOKEN_DOMAIN.name,
    version: TOKEN_DOMAIN.version,
  };
  const network = networkOf(chain.chainId);
  return {
    scheme: SCHEME,
    network,
    asset: token,
    amount: price,
    payTo: wallet.address,
    maxTimeoutSeconds: 3_600,
    extra,
  };
}

async function takeDeposit({ escrow }: AgentChain, { job, signature, fundingData }: Order): Promise<void> {
  await (await escrow.connect(wallet).openWithSignature(job, signature, fundingData)).wait();
}

/** What the escrow says to the proof. */
async function trySettling({ escrow, registry }: AgentChain, { job }: Order): Promise<string> {
  const { words, proof } = model.knownGoodProof;
  try {
    await escrow.connect(wallet).settle.staticCall(job, words, toCalldata(proof.map(BigInt) as unknown as Proof));
    return "paid";
  } catch (error) {
    const { data } = error as { data?: unknown };
    const [name] = describeRevert(String(data), [escrow.interface, registry.interface]).split("(");
    return `refused with ${name}`;
  }
}
