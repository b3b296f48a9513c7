// `tollgate/agent`: buying inferences from providers over HTTP, and x402's scheme for both sides. Node 22.13 or later.
export { buyInference } from "../agent/buyer/buyInference.ts";
export { Buyer, openBuyer, type BuyerOptions, type PurchaseRequest } from "../agent/buyer/buyer.ts";
export type { Bought } from "../agent/buyer/confirm.ts";
export type { SpendingLimits } from "../agent/buyer/guard.ts";
export type { ModelInput } from "../agent/buyer/modelGraph.ts";
export { PreparedPurchase, type BuyerWallet } from "../agent/buyer/preparedPurchase.ts";
export type { Purchase, PurchaseStatus } from "../agent/buyer/purchases.ts";
export type { Reclaimed } from "../agent/buyer/reclaim.ts";
export { UnconfirmedPurchase } from "../agent/buyer/unconfirmedPurchase.ts";
export type { TransferMethod } from "../agent/order.ts";
export { chainPort, type ChainPortOptions } from "../agent/scheme/chainPort.ts";
export {
  TollgateEscrowClient,
  walletSigner,
  type Approval,
  type PaymentGuard,
  type TollgateEscrowClientOptions,
} from "../agent/scheme/client.ts";
export { TollgateEscrowFacilitator, type EscrowPort } from "../agent/scheme/facilitator.ts";
export { TollgateEscrowServer, type TollgateEscrowServerOptions } from "../agent/scheme/server.ts";
export {
  SCHEME,
  networkOf,
  orderOf,
  paymentOf,
  requirementsOf,
  termsOf,
  type Market,
  type OfferedTerms,
} from "../agent/scheme/terms.ts";
export type { DeploymentRecord } from "../chain/record.ts";
export { InputError } from "../errors.ts";
