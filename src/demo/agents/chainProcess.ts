import { hardhatRuntime } from "../../chain/hardhatRuntime.ts";

/** A development chain in a process of its own: tells its URL on standard output and ends with its standard input. */
const hre = await hardhatRuntime();
const server = await hre.network.createServer({ network: "default" }, "127.0.0.1", 0);
const { port } = await server.listen();
console.log(`http://127.0.0.1:${port}`);
process.stdin.resume().on("end", () => process.exit());
