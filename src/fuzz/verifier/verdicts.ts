/** Who judges a case, in the order of the table: two contracts, then JavaScript by numbers and by files. */
export const JUDGES = ["verifier", "registry", "numbers", "proofFiles", "claimFile"] as const;

export type Judge = (typeof JUDGES)[number];

/** `accepted`; else the name of a contract's custom error, `no data`, or `refused` of JavaScript. */
export type Verdicts = Readonly<Record<Judge, string>>;

export const ACCEPTED = "accepted";
export const REFUSED = "refused";
/** How contracts refuse calldata that does not decode. */
export const NO_DATA = "no data";

export const ALL_ACCEPT: Verdicts = {
  verifier: ACCEPTED,
  registry: ACCEPTED,
  numbers: ACCEPTED,
  proofFiles: ACCEPTED,
  claimFile: ACCEPTED,
};

/** Every judge refuses, the contracts for these reasons. */
export const allRefuse = (verifier = "InvalidProof", registry = "InvalidProof"): Verdicts => ({
  verifier,
  registry,
  numbers: REFUSED,
  proofFiles: REFUSED,
  claimFile: REFUSED,
});

/** The proof shows its signals, but not the statement: whoever is told the statement refuses. */
export const signalsOnly = (registry = "InvalidProof"): Verdicts => ({ ...ALL_ACCEPT, registry, claimFile: REFUSED });

/** Numbers are right, files are not written as the only text for them must be. */
export const FILES_REFUSE: Verdicts = { ...ALL_ACCEPT, proofFiles: REFUSED, claimFile: REFUSED };
