import { toBytes32 } from "../../../codec/statement.ts";
import type { ProofJson } from "../../../groth16/proof.ts";
import type { Case, CaseClass, Making } from "../caseClass.ts";
import type { Draw } from "../draw.ts";
import { type Facts, drawFacts, drawStatement, mint, replaceAt, signalsFor } from "../facts.ts";
import type { Forms } from "../forms.ts";
import { FILES_REFUSE, NO_DATA, allRefuse } from "../verdicts.ts";
import { REGISTRY_REFUSALS, partOf, withPart } from "./changedStatements.ts";

/** Valid proofs in files that are not the one text for them. Calldata knows no such thing: it holds the same numbers. */
export const CHANGED_FILES: readonly CaseClass[] = [
  { name: "JSON spelling", share: 1, make: respelled },
  { name: "JSON shape", share: 1, make: misshapen },
  { name: "JSON negative", share: 2, make: negative },
  { name: "JSON without last zeros", share: 1, make: withoutZeros },
];

type Spell = (value: bigint) => string;

/** Other texts for a number, most of which `BigInt` takes for the same. */
const SPELLINGS: readonly Spell[] = [
  (value) => `"0${value}"`,
  (value) => `"0x${value.toString(16)}"`,
  (value) => `"0b${value.toString(2)}"`,
  (value) => `"+${value}"`,
  (value) => `" ${value}"`,
  (value) => `"${value}\\n"`,
  (value) => `"${value}n"`,
  (value) => `"${value}.0"`,
  (value) => `"${value}e0"`,
  (value) => `"${String(value).replace(/^./, (digit) => String.fromCodePoint(0x660 + Number(digit)))}"`,
  (value) => `${value}`,
  (value) => `["${value}"]`,
];

/** The texts with one number spelt otherwise: 0 to 2 are signals, of which a claim has the parts, the rest the proof. */
function respell({ signals, statement, proof }: Facts, at: number, spell: Spell) {
  return ({ proofFiles, claimFile }: Forms): Pick<Forms, "proofFiles" | "claimFile"> => {
    const replaced = (text: string, value: bigint) => text.replace(`"${value}"`, () => spell(value));
    if (at >= 3) {
      const value = proof[at - 3];
      const texts = { ...proofFiles, proof: replaced(proofFiles.proof, value) };
      return { proofFiles: texts, claimFile: replaced(claimFile, value) };
    }
    const part = partOf(statement, at);
    // "0x…" is how a subject must be spelt, so this one becomes "0X…".
    const spellSubject = () => spell(part).replace("0x", "0X");
    const claim = at < 2 ? replaced(claimFile, part) : claimFile.replace(`"${toBytes32(part)}"`, spellSubject);
    return { proofFiles: { ...proofFiles, signals: replaced(proofFiles.signals, signals[at]) }, claimFile: claim };
  };
}

function respelled({ key, draw }: Making): Case {
  const facts = drawFacts(key, draw);
  return { facts, wanted: FILES_REFUSE, change: respell(facts, draw.below(11), draw.pick(SPELLINGS)) };
}

type Json = { -readonly [Field in keyof ProofJson]: unknown } & { more?: unknown };

/** Lists and fields that are too many, too few or of another kind. */
const MISSHAPEN: readonly ((json: Json, draw: Draw) => unknown)[] = [
  (json, draw) => delete json[draw.pick(["pi_a", "pi_b", "pi_c", "protocol", "curve"] as const)],
  (json) => (json.more = 1),
  (json) => (json.protocol = "plonk"),
  (json) => (json.curve = "bn254"),
  (json, draw) => (json.pi_a as unknown[]).push(draw.pick(["0", "1"])),
  (json) => (json.pi_c as unknown[]).pop(),
  (json, draw) => (json.pi_c as unknown[]).splice(2, 1, draw.pick(["0", "2", "01"])),
  (json) => (json.pi_b as unknown[]).pop(),
  (json) => (json.pi_b as unknown[][])[1].push("0"),
  (json) => ((json.pi_b as unknown[][])[2] = ["0", "1"]),
  (json) => (json.pi_b = (json.pi_b as unknown[][]).flat()),
  (json) => (json.pi_a = { ...(json.pi_a as unknown[]) }),
];

/** The signals' list is changed in half of the cases; the claim's proof always, and its words with the signals. */
function misshapen({ key, draw }: Making): Case {
  const change = ({ proofFiles, claimFile }: Forms): Partial<Forms> => {
    const signals = JSON.parse(proofFiles.signals) as string[];
    const claim = JSON.parse(claimFile) as { words: string[]; proof: Json };
    if (draw.oneIn(2)) {
      const other = draw.pick([[...signals, "0"], signals.slice(1), [signals], { ...signals }, signals.join()]);
      const words = [...claim.words, "0"];
      const texts = { ...proofFiles, signals: JSON.stringify(other) };
      return { proofFiles: texts, claimFile: JSON.stringify({ ...claim, words }) };
    }
    draw.pick(MISSHAPEN)(claim.proof, draw);
    return { proofFiles: { ...proofFiles, proof: JSON.stringify(claim.proof) }, claimFile: JSON.stringify(claim) };
  };
  return { facts: drawFacts(key, draw), wanted: FILES_REFUSE, change };
}

/** −v where v belongs, which calldata could only hold as 2^256 − v; a subject is never negative, but may be another. */
function negative({ key, draw }: Making): Case {
  const { signals, statement, proof } = drawFacts(key, draw);
  const at = draw.below(11);
  const wrap = (values: readonly bigint[], index: number) =>
    index in values ? replaceAt(values, index, 2n ** 256n - values[index]) : values;
  const facts: Facts = {
    key,
    signals: wrap(signals, at),
    statement: at < 3 ? withPart(statement, at, 2n ** 256n - partOf(statement, at)) : statement,
    proof: wrap(proof, at - 3),
  };
  const signed = (values: readonly bigint[], index: number) =>
    index in values ? replaceAt(values, index, values[index] - 2n ** 256n) : values;
  const change = (forms: Forms): Partial<Forms> => ({
    ...respell(facts, at, (value) => `"${value - 2n ** 256n}"`)(forms),
    numbers: { signals: signed(facts.signals, at), proof: signed(facts.proof, at - 3) },
  });
  const wanted = at < 3 ? allRefuse("SignalNotInField", REGISTRY_REFUSALS[at]) : allRefuse();
  return { facts, wanted, change };
}

/**
 * Signals that end in zeros, and are left out: snarkjs would take them for zero. The contracts get as many words less;
 * the registry, whose third signal is never zero in practice, a last word of zero less.
 */
function withoutZeros({ key, draw }: Making): Case {
  const statement = drawStatement(key, draw);
  const zeros = 1 + draw.below(3);
  const signals = signalsFor(statement).map((signal, index) => (index < 3 - zeros ? signal : 0n));
  const shorter = { ...statement, words: statement.words.slice(0, -1) };
  const change = ({ verifier, proofFiles }: Forms): Partial<Forms> => {
    const kept = signals.slice(0, 3 - zeros);
    const end = 10 + 64 * kept.length;
    return {
      verifier: verifier.slice(0, end) + verifier.slice(10 + 64 * 3),
      numbers: { signals: kept, proof: facts.proof },
      proofFiles: { ...proofFiles, signals: JSON.stringify(kept.map(String)) },
    };
  };
  const facts: Facts = { key, signals, statement: shorter, proof: mint(key, signals, draw) };
  return { facts, wanted: allRefuse(NO_DATA, "WordCountMismatch"), change };
}
