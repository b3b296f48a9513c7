import { expect } from "chai";
import { refuseDealerKeyOffDevelopment } from "../../src/chain/deploy.ts";
import { InputError } from "../../src/errors.ts";
import { dealerSharedSecrets } from "../../src/setup/dealerSecrets.ts";
import { setupKindOf } from "../../src/setup/setupKindOf.ts";
import { keyOf, trapdoorOf } from "../fixtures/mint.ts";

const DEALT = keyOf({ ...trapdoorOf("dealt"), ...dealerSharedSecrets() });
const OTHER = keyOf(trapdoorOf("other"));

describe("what a record says of a key's setup (Z11)", () => {
  it("is dealer for the dealer's key, and nothing for another's", () => {
    expect(setupKindOf(DEALT)).to.equal("dealer");
    expect(() => setupKindOf(OTHER)).to.throw(InputError, "not a dealer's key");
  });

  it("keeps the dealer's key on chain 31337", () => {
    refuseDealerKeyOffDevelopment({ vkey: DEALT }, 31_337n);
    refuseDealerKeyOffDevelopment({ vkey: OTHER }, 1n);
    expect(() => refuseDealerKeyOffDevelopment({ vkey: DEALT }, 1n)).to.throw(InputError, "want chain 31337");
  });
});
