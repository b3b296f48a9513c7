// Loaded into the Node processes that childUsage.ts watches: each notes what it has used when it ends.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMemoryBytes: maxRSS * 1024 };
  writeFileSync(join(process.env.TOLLGATE_USAGE, `${process.pid}.json`), JSON.stringify(usage));
});
