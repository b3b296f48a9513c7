// `tollgate/chain`: deploying, registering, buying and serving, with signers of ethers on any chain. Node only.
export { openJob, type OpenedJob } from "../agent/openJob.ts";
export { inferForJob, proveForJob, settleJob, type Opening } from "../agent/serveJob.ts";
export { signJob, signOrder } from "../agent/signJob.ts";
export {
  deployTollgate,
  publishKey,
  registerModel,
  type Account,
  type ContractDeployer,
  type PaymentTerms,
  type RoyaltyTerms,
  type Tollgate,
} from "../chain/deploy.ts";
export { deployPoseidon } from "../chain/deployPoseidon.ts";
export { describeRevert } from "../chain/revert.ts";
export { shippedContracts } from "../chain/shippedContracts.ts";
export { requireValid } from "../chain/verifyClaim.ts";
