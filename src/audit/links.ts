import type { AuditRow } from "./auditReport.ts";

/** Fields of the record that only the chain can tell. */
export const RECORD_LINK = "deployment record → chain";

/** The steps from the model file to the chain, in the order in which each rests on the ones before. */
export const linksOf = (template: string) => {
  const verifier = `${template}Verifier.sol`;
  return {
    onnx: "model.onnx",
    graph: "model.onnx → graph.json",
    circuit: `graph.json → ${template}.circom`,
    r1cs: `${template}.circom → circuit.r1cs`,
    wasm: `${template}.circom → circuit.wasm`,
    zkey: "circuit.r1cs → circuit.zkey",
    vkey: "circuit.zkey → vkey.json",
    keyId: "vkey.json → key id",
    verifier: `vkey.json → ${verifier}`,
    verifierCode: `${verifier} → runtime code`,
    code: "contracts → runtime code",
    proof: "sample → proof",
    chainKey: "vkey.json → key on chain",
    chainModel: "key, circuit, graph → model on chain",
    record: RECORD_LINK,
    lock: "lock.json",
  } as const;
};

export type Links = ReturnType<typeof linksOf>;

/** The rows of one model in the order of its links. */
export function inOrderOfLinks(rows: readonly AuditRow[], template: string): AuditRow[] {
  const order: readonly string[] = Object.values(linksOf(template));
  return rows.toSorted((a, b) => order.indexOf(a.link) - order.indexOf(b.link));
}
