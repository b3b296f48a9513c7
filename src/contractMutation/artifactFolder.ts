import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import solc from "solc";
import type { CompiledContract } from "./compiler.ts";

const VERSION = solc.version().split("+")[0];

/** Artifacts as Hardhat reads them, some replaced by those of a mutant. */
export class ArtifactFolder {
  readonly #folder: string;
  readonly #originals = new Map<string, CompiledContract>();
  #replaced: readonly string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Empties the folder and fills it. */
  async fill(contracts: readonly CompiledContract[]): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    for (const contract of contracts) {
      this.#originals.set(keyOf(contract), contract);
      await this.#write(contract);
    }
  }

  /** Whether a contract has the code that the folder was filled with. */
  isOriginal(contract: CompiledContract): boolean {
    const original = this.#originals.get(keyOf(contract));
    return original?.bytecode === contract.bytecode && original.deployedBytecode === contract.deployedBytecode;
  }

  async replace(contracts: readonly CompiledContract[]): Promise<void> {
    this.#replaced = [...new Set([...this.#replaced, ...contracts.map(keyOf)])];
    for (const contract of contracts) await this.#write(contract);
  }

  /** Undoes every replacement, and takes out what was not there before. */
  async restore(): Promise<void> {
    for (const key of this.#replaced) {
      const original = this.#originals.get(key);
      if (original !== undefined) await this.#write(original);
      else await rm(this.#pathOf(...(key.split(":") as [string, string])));
    }
    this.#replaced = [];
  }

  #pathOf(file: string, name: string): string {
    return join(this.#folder, file, `${name}.json`);
  }

  async #write({ file, name, abi, bytecode, deployedBytecode }: CompiledContract): Promise<void> {
    const path = this.#pathOf(file, name);
    await mkdir(dirname(path), { recursive: true });
    const artifact = {
      _format: "hh3-artifact-1",
      contractName: name,
      sourceName: file,
      abi,
      bytecode: `0x${bytecode}`,
      deployedBytecode: `0x${deployedBytecode}`,
      linkReferences: {},
      deployedLinkReferences: {},
      immutableReferences: {},
      inputSourceName: `project/${file}`,
      // Hardhat takes the compiler's version from it; there is no such file.
      buildInfoId: `solc-${VERSION.replaceAll(".", "_")}-0`,
    };
    await writeFile(path, JSON.stringify(artifact));
  }
}

const keyOf = ({ file, name }: CompiledContract): string => `${file}:${name}`;
