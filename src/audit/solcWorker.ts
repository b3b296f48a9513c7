// A thread that compiles: standard JSON in, standard JSON out.
import { parentPort, workerData } from "node:worker_threads";
import solc from "solc";

parentPort!.postMessage(solc.compile(workerData as string) as string);
