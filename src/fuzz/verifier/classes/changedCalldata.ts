import { toBytes32 } from "../../../codec/statement.ts";
import type { Case, CaseClass, Making } from "../caseClass.ts";
import type { Draw } from "../draw.ts";
import { drawFacts } from "../facts.ts";
import type { Forms } from "../forms.ts";
import { ACCEPTED, FILES_REFUSE, NO_DATA, allRefuse } from "../verdicts.ts";

/** Hex digits of "0x" and a selector, and of a word. */
const SELECTOR = 2 + 8;
const WORD = 64;

/** Valid proofs in calldata that is too short or too long. */
export const CHANGED_CALLDATA: readonly CaseClass[] = [
  { name: "truncated", share: 6, make: truncated },
  { name: "trailing bytes", share: 1, make: trailing },
];

/**
 * Bytes missing at the end of both calldatas, up to all of the verifier's. JavaScript has the numbers and files that are
 * whole before the cut; the claim loses characters.
 */
function truncated({ key, draw }: Making): Case {
  const change = ({ verifier, registry, numbers, claimFile }: Forms): Partial<Forms> => {
    const cut = 1 + draw.below(verifier.length / 2 - 1);
    const shorter = verifier.slice(0, -2 * cut);
    const whole = Math.max(0, Math.floor((shorter.length - SELECTOR) / WORD));
    const [s, p] = [numbers.signals.slice(0, whole), numbers.proof.slice(0, Math.max(0, whole - 3))];
    const [ax, ay, bx1, bx0, by1, by0] = p.map(String);
    const pairs = [
      [bx0, bx1],
      [by0, by1],
      ["1", "0"],
    ];
    const json = {
      pi_a: [ax, ay, "1"],
      pi_b: pairs,
      pi_c: p.slice(6).map(String),
      protocol: "groth16",
      curve: "bn128",
    };
    return {
      verifier: shorter,
      registry: registry.slice(0, -2 * cut),
      numbers: { signals: s, proof: p },
      proofFiles: { signals: JSON.stringify(s.map(String)), proof: JSON.stringify(json) },
      claimFile: claimFile.slice(0, -cut),
    };
  };
  return { facts: drawFacts(key, draw), wanted: allRefuse(NO_DATA, NO_DATA), change };
}

/**
 * Bytes behind the arguments, or between them where an offset leads over them: Solidity's decoder does not look, so a
 * proof's calldata is no identifier. `verifyProof` does not look at a ninth number either. Files are read whole: spaces
 * at their end are the only thing that may follow.
 */
function trailing({ key, draw }: Making): Case {
  const spaces = draw.oneIn(2);
  const change = ({ verifier, registry, numbers, proofFiles, claimFile }: Forms): Partial<Forms> => {
    const bytes = toBytes32(draw.word()).slice(2, 4 + 2 * draw.below(31));
    const more = spaces ? "\n \n" : draw.pick([",", "0", "{}", '"', "]"]);
    return {
      verifier: verifier + bytes,
      registry: draw.oneIn(2) ? registry + bytes : withGap(registry, draw),
      numbers: { ...numbers, proof: [...numbers.proof, draw.word()] },
      proofFiles: draw.oneIn(2)
        ? { ...proofFiles, proof: proofFiles.proof + more }
        : { ...proofFiles, signals: proofFiles.signals + more },
      claimFile: claimFile + more,
    };
  };
  const wanted = spaces ? { ...FILES_REFUSE, proofFiles: ACCEPTED, claimFile: ACCEPTED } : FILES_REFUSE;
  return { facts: drawFacts(key, draw), wanted, change };
}

/** The registry's calldata with a word of filling before the array of words, and the offset of the array raised. */
function withGap(registry: string, draw: Draw): string {
  const at = SELECTOR + 2 * WORD;
  const offset = BigInt(`0x${registry.slice(at, at + WORD)}`);
  const array = SELECTOR + 2 * Number(offset);
  const head = registry.slice(0, at) + toBytes32(offset + 32n).slice(2) + registry.slice(at + WORD, array);
  return head + toBytes32(draw.word()).slice(2) + registry.slice(array);
}
