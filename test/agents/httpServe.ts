import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readAgentKey } from "../../scripts/terminal/agentKey.ts";
import { InputError } from "../../src/errors.ts";
import { writeRecord } from "../../src/chain/record.ts";
import { projectPath } from "../../src/paths.ts";
import { developmentKey, openAgentMarket, type AgentMarket } from "./agentMarket.ts";

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe("the serve command", () => {
  let market: AgentMarket;
  let folder: string;
  let base: string[];

  /** Starts the command as a user would; the key is in the environment unless `environment` says otherwise. */
  function serve(args: string[], environment: Record<string, string> = {}) {
    const child = spawn(process.execPath, [projectPath("scripts/tollgate.ts"), "serve", ...args], {
      cwd: projectPath("."),
      env: {
        ...process.env,
        NODE_OPTIONS: "--disable-warning=ExperimentalWarning",
        INIT_CWD: folder,
        TOLLGATE_PROVIDER_KEY: developmentKey(3),
        ...environment,
      },
    });
    const texts = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (texts.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (texts.stderr += text));
    const ended = once(child, "close").then(([code]): Ended => ({ code: code as number | null, ...texts }));
    return { child, texts, ended };
  }

  /** The URL that a provider prints once it serves. */
  async function servedAt({ child, texts, ended }: ReturnType<typeof serve>): Promise<string> {
    for (;;) {
      const [, url] = /Serving (http:\S+)\/\.well-known/.exec(texts.stdout) ?? [];
      if (url !== undefined) return url;
      if (child.exitCode !== null) throw new Error((await ended).stderr);
      await Promise.race([once(child.stdout!, "data"), ended]);
    }
  }

  async function expectRefusal(message: RegExp, args: string[], environment: Record<string, string> = {}) {
    const { code, stderr } = await serve(args, environment).ended;
    const errors = stderr.split("\n").filter((line) => line.startsWith("error:"));
    expect(errors, stderr).to.have.length(1);
    expect(errors[0]).to.match(message);
    expect(stderr).not.to.match(/^\s+at /m);
    expect(stderr).not.to.contain(developmentKey(3).slice(2));
    expect(code).to.equal(2);
  }

  async function expectInputError(work: Promise<unknown>, message: RegExp): Promise<void> {
    const error = (await work.then(
      () => undefined,
      (failure: unknown) => failure,
    )) as Error;
    expect(error).to.be.instanceOf(InputError);
    expect(error.message).to.match(message);
    expect(error.message).not.to.contain(developmentKey(3).slice(2, 20));
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-serve-"));
    market = await openAgentMarket();
    await writeRecord(join(folder, "record.json"), market.record);
    const token = String(market.token.target);
    base = [
      "--rpc",
      market.url,
      "--record",
      "record.json",
      "--token",
      token,
      "--port",
      "0",
      "--journal",
      "journal.sqlite",
    ];
  });

  after(async () => {
    await market?.close();
    await rm(folder, { recursive: true });
  });

  it("serves until it is told to end, and keeps others out of its journal", async () => {
    const first = serve([...base, "--model", "digits-mlp=2000000", "--rate", "1000"]);
    const url = await servedAt(first);
    const { models } = (await (await fetch(`${url}/models`)).json()) as { models: Record<string, unknown>[] };
    expect(models).to.have.length(1);
    expect(models[0]).to.include({ keyId: market.offer.model.keyId, price: "2000000", setup: "dealer" });
    expect(models[0].methods).to.deep.equal(["eip3009", "allowance", "prepaid"]);
    expect((await fetch(`${url}/health`)).status).to.equal(200);
    expect((await stat(join(folder, "journal.sqlite"))).mode & 0o077).to.equal(0);
    await expectRefusal(/journal\.sqlite: .*no other process/, [...base, "--model", "digits-mlp=1"]);
    first.child.kill("SIGTERM");
    const { code, stdout, stderr } = await first.ended;
    expect(code, stderr).to.equal(0);
    expect(stdout).to.contain("Sells digits-mlp for 0.000000000002 SUSD").and.to.contain("Closed the journal");
    expect(stdout + stderr).not.to.contain(developmentKey(3).slice(2));
  });

  it("names what is wrong with its options, in one line", async () => {
    const model = ["--model", "digits-mlp=1"];
    await Promise.all([
      expectRefusal(/--model.*price in base units/, [...base, "--model", "digits-mlp=0.5"]),
      expectRefusal(/credit-gbdt: is not in the deployment record, which has digits-mlp/, [
        ...base,
        "--model",
        `${projectPath("circuits/models/credit-gbdt")}=1`,
      ]),
      expectRefusal(/has no code on chain 31337/, [...base, ...model, "--token", market.other.address]),
      expectRefusal(/^error: the connection to the network broke/, [...base, ...model, "--rpc", "http://127.0.0.1:1"]),
    ]);
  });

  it("takes the key from the environment or a file that only its owner can use, and shows none (A9)", async () => {
    const path = join(folder, "key");
    await writeFile(path, `${developmentKey(3)}\n`, { mode: 0o640 });
    await expectInputError(
      readAgentKey(path, "TOLLGATE_PROVIDER_KEY"),
      /others than its owner can use it \(mode 640\)/,
    );
    await chmod(path, 0o600);
    expect((await readAgentKey(path, "TOLLGATE_PROVIDER_KEY")).address).to.equal(market.provider.address);
    await writeFile(path, developmentKey(3).slice(0, -1));
    await expectInputError(
      readAgentKey(path, "TOLLGATE_PROVIDER_KEY"),
      /^\S+key: want a private key of 32 bytes in hex, with 0x$/,
    );
    await expectInputError(readAgentKey(undefined, "TOLLGATE_PROVIDER_KEY"), /give --key-file FILE/);
    process.env.TOLLGATE_PROVIDER_KEY = developmentKey(3);
    expect((await readAgentKey(undefined, "TOLLGATE_PROVIDER_KEY")).address).to.equal(market.provider.address);
    expect(process.env).not.to.have.property("TOLLGATE_PROVIDER_KEY");
  });

  it("says that a port is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    await expectRefusal(/cannot be listened on \(EADDRINUSE\)/, [
      ...base,
      "--model",
      "digits-mlp=1",
      "--port",
      String(port),
    ]);
    taken.close();
  });
});
