/** What a property is of, and a contract whose assertions state it. */
export interface Property {
  readonly library: "SplitLib" | "AnnouncementLib";
  /** In the harness of the library. */
  readonly contract: string;
  /** Assertions and steps of checked arithmetic to prove: with fewer, something is not looked at any more. */
  readonly targets: number;
  /** A change of the library that breaks the property: what can still be proven then says nothing. */
  readonly breaks: { readonly before: string; readonly after: string };
}

export const libraryPath = ({ library }: Property): string => `contracts/libraries/${library}.sol`;

export const harnessPath = ({ library }: Property): string => `test/smt/${library.replace(/Lib$/, "")}.smt.sol`;

const ROYALTY = "royalty = (amount * royaltyBps) / BASIS_POINTS";
const TOLL = "toll = (amount * tollBps) / BASIS_POINTS";

/** What `npm run smt` proves. */
export const PROPERTIES: readonly Property[] = [
  {
    library: "SplitLib",
    contract: "PartsMakeTheDeposit",
    targets: 10,
    breaks: { before: "payout = amount - toll - royalty", after: "payout = amount - toll" },
  },
  {
    library: "SplitLib",
    contract: "FeesRoundDown",
    targets: 14,
    breaks: { before: ROYALTY, after: "royalty = (amount * royaltyBps + BASIS_POINTS - 1) / BASIS_POINTS" },
  },
  {
    library: "SplitLib",
    contract: "FeesStayWithinCaps",
    targets: 9,
    breaks: { before: "MAX_TOLL_BPS = 100", after: "MAX_TOLL_BPS = 101" },
  },
  {
    library: "SplitLib",
    contract: "CuttingSavesAUnitOfToll",
    targets: 9,
    breaks: { before: TOLL, after: "toll = (amount * tollBps) / BASIS_POINTS + 1" },
  },
  {
    library: "SplitLib",
    contract: "CuttingSavesAUnitOfRoyalty",
    targets: 9,
    breaks: { before: ROYALTY, after: "royalty = (amount * royaltyBps) / BASIS_POINTS + 1" },
  },
  {
    library: "SplitLib",
    contract: "SumsDoNotWrap",
    targets: 12,
    breaks: { before: "MAX_AMOUNT = type(uint128).max", after: "MAX_AMOUNT = type(uint192).max" },
  },
  {
    library: "AnnouncementLib",
    contract: "EarlierAnnouncementsLeaveTheSecured",
    targets: 6,
    breaks: { before: "maturesAt >= deadline", after: "maturesAt >= nowAt" },
  },
  {
    library: "AnnouncementLib",
    contract: "LaterAnnouncementsWait",
    targets: 5,
    breaks: { before: "deadline > nowAt + life", after: "deadline > nowAt + life + 1" },
  },
];
