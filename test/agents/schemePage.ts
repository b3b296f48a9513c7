import { readFileSync } from "node:fs";
import type { PaymentRequirements } from "@x402/core/types";
import { expect } from "chai";
import { hashTypedData, recoverAddress, type Hex } from "viem";
import { PROBLEMS } from "../../src/agent/http/problems.ts";
import { authorizationData, idOfOrder } from "../../src/agent/order.ts";
import { orderOf, termsOf } from "../../src/agent/scheme/terms.ts";
import { projectPath } from "../../src/paths.ts";

const page = readFileSync(projectPath("docs/protocol.md"), "utf8");

/** The JSON of the page's block with a title. */
const example = (title: string): unknown =>
  JSON.parse(page.match(new RegExp(`\`\`\`json ${title}\n([^]*?)\n\`\`\``))![1]);

/** The ids and contracts in the page's table of examples. */
const ids = new Map(
  [...page.matchAll(/^\| `(\w+)` +\| `(0x\w{40})` \| `(0x\w{64})` \|$/gm)].map(([, method, contract, id]) => [
    method,
    { contract: contract as Hex, id: id as Hex },
  ]),
);

describe("the protocol page", () => {
  const accepted = example("requirement") as PaymentRequirements;
  const payload = example("payload") as {
    job: Record<string, unknown> & { client: Hex };
    signature: Hex;
    authorization: { validAfter: string; validBefore: string; signature: Hex };
  };
  const types = example("types") as Record<string, { name: string; type: string }[]>;

  const digest = (primaryType: string, name: string, version: string, verifyingContract: string, message: object) =>
    hashTypedData({
      domain: { name, version, chainId: 31_337, verifyingContract: verifyingContract as Hex },
      types,
      primaryType,
      message: message as Record<string, unknown>,
    });

  it("shows a requirement and a payment that are read as they stand", () => {
    const order = orderOf({ accepted, payload }, accepted);
    const { validAfter, validBefore, signature } = payload.authorization;
    const authorization = { validAfter: BigInt(validAfter), validBefore: BigInt(validBefore), signature };
    expect(order.fundingData).to.equal(authorizationData(authorization));
    expect(idOfOrder(order, termsOf(accepted).chainId)).to.equal(ids.get("eip3009")!.id);
  });

  it("names types, domains and ids under which another library finds the same signatures", async () => {
    const fundings = { eip3009: 2, allowance: 1, prepaid: 5 };
    for (const [method, funding] of Object.entries(fundings)) {
      const { contract, id } = ids.get(method)!;
      const domain = funding === 5 ? "Tollgate PrepaidOrders" : "Tollgate InferenceEscrow";
      expect(digest("Job", domain, "1", contract, { ...payload.job, funding })).to.equal(id);
    }
    const { client, token, amount } = payload.job;
    const { id } = ids.get("eip3009")!;
    expect(await recoverAddress({ hash: id, signature: payload.signature })).to.equal(client);
    const { collector, name, version } = accepted.extra as Record<string, string>;
    const { signature, ...times } = payload.authorization;
    const message = { from: client, to: collector, value: amount, ...times, nonce: id };
    const hash = digest("ReceiveWithAuthorization", name, version, String(token), message);
    expect(await recoverAddress({ hash, signature })).to.equal(client);
  });

  it("lists every problem that a provider answers with, and its status", () => {
    const listed = [...page.matchAll(/^\| `([a-z-]+)` +\| ([45]\d\d) +\|/gm)].map(([, code, status]) => [code, status]);
    const answered = Object.entries(PROBLEMS).map(([code, { status }]) => [code, String(status)]);
    expect(listed).to.have.deep.members(answered);
  });
});
