import { existsSync } from "node:fs";
import { DeploymentRecord } from "../../src/chain/record.ts";
import { InputError } from "../../src/errors.ts";
import { parseJsonFile } from "../../src/jsonFile.ts";
import { workPath } from "../../src/paths.ts";
import { callerPath } from "./callerPath.ts";

/** Where deploy keeps the records of public chains, and of development chains. */
const FOLDERS = ["deployments", "build/deployments"];

/** The deployment record of a file or of a network: what an agent trusts. Throws InputError. */
export async function readAgentRecord(
  record: string | undefined,
  network: string | undefined,
): Promise<DeploymentRecord> {
  if ((record === undefined) === (network === undefined))
    throw new InputError("give either --record FILE or --network NAME: the deployment to trust");
  if (record !== undefined) return parseJsonFile(callerPath(record), DeploymentRecord);
  if (!/^[\w-]+$/.test(network!)) throw new InputError(`--network ${network}: is no name of a network`);
  const paths = FOLDERS.map((folder) => workPath(`${folder}/${network}.json`));
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined) throw new InputError(`network ${network}: no deployment record, want ${paths.join(" or ")}`);
  return parseJsonFile(path, DeploymentRecord);
}
