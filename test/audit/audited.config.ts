import base from "../../hardhat.config.ts";

/** The project's configuration with a network at the address that a test gives. */
export default {
  ...base,
  networks: {
    ...base.networks,
    audited: { type: "http" as const, chainType: "l1" as const, url: process.env.TOLLGATE_AUDITED_URL ?? "" },
  },
};
