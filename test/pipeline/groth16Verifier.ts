import { readFile } from "node:fs/promises";
import { bn254 } from "@noble/curves/bn254.js";
import { expect } from "chai";
import type { BaseContract } from "ethers";
import { keccak256, toBeHex } from "ethers";
import hre, { network } from "hardhat";
import { groth16 } from "snarkjs";
import solc from "solc";
import { compileCircuit } from "../../src/circom/compile.ts";
import { BASE_ORDER, SCALAR_ORDER, mod } from "../../src/field.ts";
import { fromG2, toG1, toG2 } from "../../src/groth16/points.ts";
import type { Proof } from "../../src/groth16/proof.ts";
import { proofToJson } from "../../src/groth16/proof.ts";
import type { Prover } from "../../src/groth16/prover.ts";
import { createProver } from "../../src/groth16/prover.ts";
import { renderSolidityVerifier } from "../../src/setup/solidityVerifier.ts";
import { verifyProof } from "../../src/groth16/verify.ts";
import { projectPath } from "../../src/paths.ts";
import { dealerSetup } from "../../src/setup/dealer.ts";
import { renderDealerConstants } from "../../src/setup/dealerConstants.ts";
import type { Trapdoor } from "../../src/setup/mint.ts";
import { dealerTrapdoor, mintProof } from "../../src/setup/mint.ts";

const Q = BASE_ORDER;
const R = SCALAR_ORDER;
const MAX_UINT = 2n ** 256n - 1n;
const cacheRoot = projectPath("build/cache");

/** A statement with a proof, right or wrong. */
interface Claim {
  readonly signals: readonly bigint[];
  readonly proof: readonly bigint[];
}

describe("Groth16 verifiers", () => {
  let prover: Prover;
  let trapdoor: Trapdoor;
  let contract: BaseContract;
  let vkeyPath: string;
  let proven: Claim;
  let minted: Claim;

  before(async () => {
    const mainPath = projectPath("test/fixtures/threeConstraints.circom");
    const circuit = await compileCircuit({ mainPath, libraries: [], cacheRoot });
    const setup = await dealerSetup({ r1csPath: circuit.r1csPath, cacheRoot });
    vkeyPath = setup.vkeyPath;
    prover = await createProver({ ...circuit, ...setup });
    trapdoor = await dealerTrapdoor(circuit.r1csPath);
    contract = await deployVerifier(31_337);
    proven = await prover.prove({ x: 6n, y: 7n, z: -3n });
    const signals = [draw(1), draw(2), draw(3)];
    minted = { signals, proof: mintProof(trapdoor, signals, { a: draw(4), b: draw(5) }) };
  });

  after(() => prover.close());

  async function deployVerifier(chainId: number): Promise<BaseContract> {
    const { abi, bytecode } = compileSolidity("TestVerifier", renderSolidityVerifier("TestVerifier", prover.vkey));
    const { ethers } = await network.create({ override: { chainId } });
    const [deployer] = await ethers.getSigners();
    const deployed = await new ethers.ContractFactory(abi, bytecode, deployer).deploy();
    return deployed.waitForDeployment();
  }

  /** Name of the error with which the contract refuses a claim, undefined where it accepts. */
  async function refusal({ signals, proof }: Claim): Promise<string | undefined> {
    try {
      await contract.getFunction("verify").staticCall(signals, proof);
      return undefined;
    } catch (error) {
      const { data } = error as { data?: string };
      const parsed = data === undefined ? null : contract.interface.parseError(data);
      if (parsed === null) throw error;
      return parsed.name;
    }
  }

  /** Checks that contract and JavaScript both say `valid` of every claim. */
  async function expectAll(claims: readonly Claim[], valid: boolean): Promise<void> {
    for (const claim of claims) {
      const error = await refusal(claim);
      const text = JSON.stringify(claim, (_, value: unknown) => (typeof value === "bigint" ? toBeHex(value) : value));
      expect(error === undefined, `contract (${error}): ${text}`).to.equal(valid);
      expect(verifyProof(prover.vkey, claim.signals, claim.proof as Proof), `JavaScript: ${text}`).to.equal(valid);
    }
  }

  it("accept a proof made by snarkjs under the dealer's key", async () => {
    expect(proven.signals).to.deep.equal([42n, 9n, 344n]);
    await expectAll([proven], true);
    const vkey = JSON.parse(await readFile(vkeyPath, "utf8")) as object;
    const json = proofToJson(proven.proof as Proof);
    expect(await groth16.verify(vkey, proven.signals.map(String), json)).to.equal(true);
    expect(await groth16.verify(vkey, ["43", "9", "344"], json)).to.equal(false);
  });

  it("accept proofs minted with the trapdoor, of any statement (Z11)", async () => {
    const edges = [
      [0n, 0n, 0n],
      [R - 1n, R - 1n, R - 1n],
      [1n, 0n, R - 1n],
    ];
    const statements = [...edges, ...Array.from({ length: 17 }, (_, index) => [draw(index), draw(-index), 7n])];
    await expectAll(
      statements.map((signals, index) => {
        return { signals, proof: mintProof(trapdoor, signals, { a: draw(1000 + index), b: draw(2000 + index) }) };
      }),
      true,
    );
    expect(() => mintProof(trapdoor, [0n, 0n, R])).to.throw("want 3 numbers in [0, r)");
  });

  it("accept other proofs of the same statement: a proof is not an identifier", async () => {
    const { signals, proof } = minted;
    const [a, b, c] = points(proof);
    const factor = draw(77);
    await expectAll(
      [
        { signals, proof: [...fromG1(a.negate()), ...fromG2(b.negate()), ...fromG1(c)] },
        {
          signals,
          proof: [...fromG1(a.multiply(factor)), ...fromG2(b.multiply(bn254.fields.Fr.inv(factor))), ...fromG1(c)],
        },
      ],
      true,
    );
  });

  it("refuse every changed coordinate", async () => {
    const changes = [
      (v: bigint) => v + 1n,
      (v: bigint) => v - 1n,
      (v: bigint) => Q - v,
      () => 0n,
      () => Q,
      () => MAX_UINT,
    ];
    const claims = [proven, minted].flatMap(({ signals, proof }) =>
      proof.flatMap((_, at) => changes.map((change) => ({ signals, proof: replaceAt(proof, at, change) }))),
    );
    expect(claims).to.have.length(96);
    await expectAll(claims, false);
  });

  it("refuse every other encoding of a coordinate", async () => {
    const claims = [proven, minted].flatMap(({ signals, proof }) =>
      proof.flatMap((coordinate, at) =>
        [1n, 2n, 3n, 4n, 5n]
          .map((multiple) => coordinate + multiple * Q)
          .filter((encoding) => encoding <= MAX_UINT)
          .map((encoding) => ({ signals, proof: replaceAt(proof, at, () => encoding) })),
      ),
    );
    // Four further ones always fit, a fifth where the coordinate is small.
    expect(claims.length).to.be.at.least(64);
    await expectAll(claims, false);
  });

  it("refuse points at infinity, even where the equation holds", async () => {
    const { signals, proof } = minted;
    const { alpha, beta, delta, ic } = trapdoor;
    const statement = signals.reduce((sum, signal, index) => sum + signal * ic[index + 1], ic[0]);
    const c = bn254.fields.Fr.div(mod(-alpha * beta - statement), delta);
    const solvesWithoutA = [...fromG2(bn254.G2.Point.BASE), ...fromG1(bn254.G1.Point.BASE.multiply(c))];
    const solvesWithoutB = [...fromG1(bn254.G1.Point.BASE), 0n, 0n, 0n, 0n, ...solvesWithoutA.slice(4)];
    await expectAll(
      [
        { signals, proof: [0n, 0n, ...solvesWithoutA] },
        { signals, proof: solvesWithoutB },
        { signals, proof: [...proof.slice(0, 6), 0n, 0n] },
        { signals, proof: [0n, 0n, 0n, 0n, 0n, 0n, ...proof.slice(6)] },
        { signals, proof: proof.map(() => 0n) },
        { signals: [0n, 0n, 0n], proof: proof.map(() => 0n) },
        { signals, proof: [0n, Q, ...proof.slice(2)] },
      ],
      false,
    );
  });

  it("refuse points off their curve and B outside of the subgroup (Z9)", async () => {
    const { signals, proof } = proven;
    const outside = Array.from({ length: 8 }, (_, index) => twistPoint(index));
    for (const coordinates of outside) expect(toG2(coordinates)).to.equal("not in the subgroup of order r");
    const offCurve = [draw(10), draw(11), draw(12), draw(13)].map((value) => value % Q);
    await expectAll(
      [
        ...outside.map((b) => ({ signals, proof: [...proof.slice(0, 2), ...b, ...proof.slice(6)] })),
        { signals, proof: [...proof.slice(0, 2), ...offCurve, ...proof.slice(6)] },
        { signals, proof: [...offCurve.slice(0, 2), ...proof.slice(2)] },
        { signals, proof: [...proof.slice(0, 6), ...offCurve.slice(2)] },
      ],
      false,
    );
  });

  it("refuse points of the right groups that solve nothing", async () => {
    const { signals, proof } = minted;
    const claims = Array.from({ length: 12 }, (_, index) => {
      const g1 = fromG1(bn254.G1.Point.BASE.multiply(draw(300 + index)));
      const g2 = fromG2(bn254.G2.Point.BASE.multiply(draw(400 + index)));
      const forged = [
        [...g1, ...proof.slice(2)],
        [...proof.slice(0, 2), ...g2, ...proof.slice(6)],
        [...proof.slice(0, 6), ...g1],
      ];
      return { signals, proof: forged[index % 3] };
    });
    const swapped = [...proof.slice(6), ...proof.slice(2, 6), ...proof.slice(0, 2)];
    const realFirst = [proof[0], proof[1], proof[3], proof[2], proof[5], proof[4], proof[6], proof[7]];
    await expectAll([...claims, { signals, proof: swapped }, { signals, proof: realFirst }], false);
  });

  it("refuse other signals, and every other encoding of a signal by its name (Z5, Z6)", async () => {
    const inField = [proven, minted].flatMap(({ signals, proof }) => {
      const [s0, s1, s2] = signals;
      const others = [
        [s1, s0, s2],
        [s0, s2, s1],
        [s2, s1, s0],
        [s0, s1, 0n],
        [0n, 0n, 0n],
      ];
      const shifted = signals.flatMap((_, at) => [1n, -1n].map((by) => replaceAt(signals, at, (v) => mod(v + by))));
      return [...others, ...shifted].map((changed) => ({ signals: changed, proof }));
    });
    await expectAll(inField, false);
    const outOfField = [proven, minted].flatMap(({ signals, proof }) =>
      signals.flatMap((signal, at) =>
        [R - signal, R, 2n * R, 3n * R, 4n * R, 5n * R, MAX_UINT - signal]
          .map((by) => signal + by)
          .filter((encoding) => encoding <= MAX_UINT)
          .map((encoding) => ({ signals: replaceAt(signals, at, () => encoding), proof })),
      ),
    );
    expect(outOfField.length).to.be.at.least(36);
    await expectAll(outOfField, false);
    for (const claim of outOfField) expect(await refusal(claim)).to.equal("SignalNotInField");
  });

  it("agree on a mixed corpus (Z9)", async () => {
    for (let index = 0; index < 60; index++) {
      const signals = [draw(500 + index), draw(600 + index), draw(700 + index)];
      const proof: Proof = mintProof(trapdoor, signals, { a: draw(800 + index), b: draw(900 + index) });
      const at = index % 11;
      const valid = index % 5 === 0;
      const changed = at < 8 ? replaceAt(proof, at, (v) => v ^ (1n << BigInt(index * 4))) : proof;
      const other = at < 8 ? signals : replaceAt(signals, at - 8, (v) => mod(v + BigInt(index) + 1n));
      await expectAll([valid ? { signals, proof } : { signals: other, proof: changed }], valid);
    }
  });

  it("keep a dealer's key on the development chain", async () => {
    const error: unknown = await deployVerifier(1).catch((caught: unknown) => caught);
    const { name, args } = contract.interface.parseError((error as { data: string }).data)!;
    expect(name).to.equal("DealerKeyOffDevelopmentChain");
    expect([...args]).to.deep.equal([1n, 31_337n]);
    const alpha = fromG1(bn254.G1.Point.BASE.multiply(5n));
    expect(renderSolidityVerifier("Foreign", { ...prover.vkey, alpha })).to.include("Dealer");
    const foreign = { ...prover.vkey, alpha, beta: fromG2(bn254.G2.Point.BASE.multiply(6n)) };
    expect(renderSolidityVerifier("Foreign", foreign)).to.not.include("Dealer");
    expect(compileSolidity("Foreign", renderSolidityVerifier("Foreign", foreign)).bytecode).to.match(/^0x60/);
  });

  it("know the dealer by the constants that are committed", async () => {
    const committed = await readFile(projectPath("contracts/generated/DealerConstants.sol"), "utf8");
    expect(committed).to.equal(renderDealerConstants());
  });
});

/** Compiles with the project's settings. */
function compileSolidity(name: string, source: string): { abi: []; bytecode: string } {
  const { settings } = hre.config.solidity.profiles.default.compilers[0];
  const outputSelection = { "*": { "*": ["abi", "evm.bytecode.object"] } };
  const sources = { "Verifier.sol": { content: source } };
  const input = { language: "Solidity", sources, settings: { ...settings, outputSelection } };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as {
    errors?: { formattedMessage: string }[];
    contracts: Record<string, Record<string, { abi: []; evm: { bytecode: { object: string } } }>>;
  };
  expect(output.errors ?? []).to.deep.equal([]);
  const { abi, evm } = output.contracts["Verifier.sol"][name];
  return { abi, bytecode: `0x${evm.bytecode.object}` };
}

/** A reproducible scalar in [1, r). */
const draw = (index: number): bigint => (BigInt(keccak256(Buffer.from(`scalar ${index}`))) % (R - 1n)) + 1n;

const replaceAt = (values: readonly bigint[], at: number, change: (value: bigint) => bigint): bigint[] =>
  values.map((value, index) => (index === at ? BigInt.asUintN(256, change(value)) : value));

function fromG1(point: typeof bn254.G1.Point.BASE): [bigint, bigint] {
  const { x, y } = point.toAffine();
  return [x, y];
}

function points(proof: readonly bigint[]) {
  const a = toG1(proof.slice(0, 2));
  const b = toG2(proof.slice(2, 6));
  const c = toG1(proof.slice(6));
  if (typeof a === "string" || typeof b === "string" || typeof c === "string") throw new Error("not a proof");
  return [a, b, c] as const;
}

/** A point of the twist: of its 2^254 · r points, practically none is in the subgroup. */
function twistPoint(seed: number): bigint[] {
  const { Fp2 } = bn254.fields;
  for (let real = BigInt(seed) * 1000n + 1n; ; real++) {
    const x = Fp2.fromBigTuple([real, 5n]);
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), bn254.G2.Point.CURVE().b);
    try {
      return fromG2(bn254.G2.Point.fromAffine({ x, y: Fp2.sqrt(square) }));
    } catch {
      // Half of all values have no square root: try the next.
    }
  }
}
