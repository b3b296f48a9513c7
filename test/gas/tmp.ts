import { network } from "hardhat";
import { frameGas } from "../../src/chain/frameGas.ts";
import { jobIdOf } from "../../src/codec/statement.ts";
import { deployGasMarket, termsOf, WORDS } from "../../src/gas/gasMarket.ts";
it("gas", async () => {
  const c = await network.create(); const m = await deployGasMarket(c); const model = m.models[0];
  let hash = "";
  for (let round = 0; round < 2; round++) {
    const ds = [];
    for (let i = 0; i < 32; i++) { const job = termsOf(m, model, BigInt(1000 + round * 32 + i)); await m.escrow.open(job, "0x");
      ds.push({ job, words: [...WORDS], proof: [...model.prove(job.inputCommitment, WORDS, jobIdOf(job, m.chainId, m.escrow.target as string))] }); }
    const tx = await m.escrow.settleBatch(ds); hash = tx.hash;
    const data = Buffer.from(tx.data.slice(2), "hex"); let cd = 0; for (const b of data) cd += b ? 16 : 4;
    const r = await tx.wait();
    console.log("tx", Number(r!.gasUsed) / 32, "calldata", cd / 32, "registry frame", (await frameGas(c.provider as any, hash, m.registry.target as string)) / 32, "whole verifyBatch frame incl");
    const trace: any = await (c.provider as any).request({ method: "debug_traceTransaction", params: [hash, { disableStorage: true }] });
    const by: Record<string, number> = {}; const cnt: Record<string, number> = {};
    const logs = trace.structLogs; let regEnter = 0;
    for (let i = 0; i < logs.length; i++) { const l = logs[i]; if (l.depth !== 1) continue;
      const cost = i + 1 < logs.length && logs[i + 1].depth === 1 ? Number(l.gas) - Number(logs[i + 1].gas) : Number(l.gasCost);
      if (["STATICCALL"].includes(l.op)) { continue; }
      by[l.op] = (by[l.op] ?? 0) + cost; cnt[l.op] = (cnt[l.op] ?? 0) + 1; }
    if (round) { console.log("escrow frame ops per item"); for (const [k, v] of Object.entries(by).sort((a, b) => b[1] - a[1]).slice(0, 22)) console.log(k, (v / 32).toFixed(0), (cnt[k] / 32).toFixed(1)); 
     const b2: Record<string, number> = {}; const c2: Record<string, number> = {}; for (let i = 0; i < logs.length; i++) { const l = logs[i]; if (l.depth !== 2) continue; const cost = i + 1 < logs.length && logs[i + 1].depth === 2 ? Number(l.gas) - Number(logs[i + 1].gas) : Number(l.gasCost); b2[l.op] = (b2[l.op] ?? 0) + cost; c2[l.op] = (c2[l.op] ?? 0) + 1; }
     console.log("registry frames"); for (const [k, v] of Object.entries(b2).sort((a, b) => b[1] - a[1]).slice(0, 16)) console.log(k, (v / 32).toFixed(0), (c2[k] / 32).toFixed(1)); }
  }
});
